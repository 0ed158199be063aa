"""The SDK's public names: where those are that mean something here, and what to say of the others.

Standard library only and fit for Python 3.9; read when a name or a module is asked for that no file has.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Tuple

# Names by the module that has them. Every module of `azureml` answers to them, as the SDK's own modules
# import each other's names, and scripts import them from there.
_HERE = {
    "azureml.core": "ComputeTarget ContainerRegistry Environment Experiment Model Run RunConfiguration"
    " ScriptRun ScriptRunConfig Workspace get_run",
    "azureml.core._run.offline": "_OfflineRun",
    "azureml.core._states": "RunStatus",
    "azureml.core.authentication": "AbstractAuthentication ArmTokenAuthentication"
    " AzureCliAuthentication AzureMLTokenAuthentication InteractiveLoginAuthentication MsiAuthentication"
    " ServicePrincipalAuthentication TokenAuthentication",
    "azureml.core.compute": "AmlCompute AmlComputeProvisioningConfiguration AmlComputeStatus"
    " HDInsightCompute RemoteCompute RemoteComputeAttachConfiguration ScaleSettings",
    "azureml.core.conda_dependencies": "CondaDependencies",
    "azureml.core.databricks": "DatabricksSection",
    "azureml.core.environment": "DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE DockerBuildContext"
    " DockerEnvironment DockerImageDetails DockerSection EnvironmentReference ImageBuildDetails"
    " PythonEnvironment PythonSection RCranPackage RGitHubPackage RSection SparkEnvironment"
    " SparkPackage SparkSection",
    "azureml.core.experiment": "ViewType",
    "azureml.core.resource_configuration": "ResourceConfiguration",
    "azureml.core.runconfig": "DockerConfiguration MpiConfiguration ParallelTaskConfiguration"
    " PyTorchConfiguration TensorflowConfiguration",
    "azureml.exceptions": "ActivityFailedException AuthenticationException AzureMLAggregatedException"
    " AzureMLException ComputeTargetException DatasetTimestampMissingError"
    " DiscoveryUrlNotFoundException ExperimentExecutionException ModelNotFoundException"
    " ModelPathNotFoundException ParallelRunException ProjectSystemException"
    " RunConfigurationException RunEnvironmentException ServiceException SnapshotException"
    " TrainingException UserErrorException WebserviceException WorkspaceException"
    " WorkspacePrivateEndpointException",
    "azureml.tensorboard": "Tensorboard",
    "azureml.tensorboard.export": "export_to_tensorboard",
    "azureml.train.dnn": "Chainer Gloo Mpi Nccl ParameterServer PyTorch TensorFlow",
    "azureml.train.estimator": "Estimator",
    "azureml.train.sklearn": "SKLearn",
    "azureml.widgets": "RunDetails",
}

HERE: Dict[str, Tuple[str, str]] = {  # module and name there, by name
    **{name: (module, name) for module, names in _HERE.items() for name in names.split()},
    "EnvironmentDefinition": ("azureml.core.environment", "Environment"),
    "ErrorResponseException": ("azureml.exceptions", "ServiceException"),
    "OfflineRun": ("azureml.core._run.offline", "_OfflineRun"),
}


class Absence(NamedTuple):
    """What has no meaning here.

    Args:
        what: Of which there is none.
        instead: What to do; whole sentences.
        modules: These, and all below them, have whatever name is asked of them.
        names: What they are known for, and what other modules of `azureml` have of it.
    """

    what: str
    instead: str
    modules: Tuple[str, ...]
    names: Tuple[str, ...]


def _absence(what: str, instead: str, modules: str, names: str) -> Absence:
    return Absence(what, instead, tuple(modules.split()), tuple(names.split()))


ABSENT = (
    _absence(
        "datasets and datastores",
        "Pass paths of this machine, or of a folder that all machines share, to the script as arguments.",
        "azureml.core.dataset azureml.core.datastore azureml.data azureml.dataprep"
        " azureml.opendatasets azureml.contrib.dataset azureml.contrib.opendatasets",
        "Dataset Datastore TabularDataset FileDataset DataReference DataPath DataPathComputeBinding"
        " DataType OutputFileDatasetConfig HDFSOutputDatasetConfig OutputTabularDatasetConfig"
        " LinkFileOutputDatasetConfig LinkTabularOutputDatasetConfig OutputDatasetConfig"
        " DatasetConsumptionConfig DatacacheConsumptionConfig DatacacheConfiguration Data DataLocation"
        " OutputData SqlDataReference StoredProcedureParameter AzureBlobDatastore AzureFileDatastore"
        " PromoteHeadersBehavior DatasetSnapshot DatasetDefinition InputDatasets OutputDatasets LinkOutput"
        " DatasetRegistrationOptions RegistrationOptions OutputOptions UploadOptions MountOptions"
        " GlobsOptions Uri",
    ),
    _absence(
        "pipelines",
        "Submit the scripts one after another with ScriptRunConfig, or below one run with run.submit_child.",
        "azureml.pipeline azureml.contrib.pipeline azureml.widgets.parallel_run_step_details",
        "Pipeline PipelineData PipelineParameter PipelineRun PipelineStep PipelineEndpoint"
        " PipelineDraft PipelineDataset PipelineOutputFileDataset PublishedPipeline Schedule"
        " ScheduleRecurrence TimeZone StepRun StepRunOutput StepSequence TrainingOutput Module"
        " ModuleVersion PythonScriptStep EstimatorStep CommandStep ParallelRunConfig ParallelRunStep"
        " DatabricksStep DataTransferStep HyperDriveStep HyperDriveStepRun AutoMLStep AutoMLStepRun"
        " AdlaStep AzureBatchStep KustoStep ModuleStep MpiStep RScriptStep SynapseSparkStep"
        " ParallelRunStepDetails",
    ),
    _absence(
        "hyperparameter sweeps",
        "Submit one ScriptRunConfig for each choice of arguments: a cluster runs them in turn.",
        "azureml.train.hyperdrive azureml.train.restclients",
        "HyperDriveConfig HyperDriveRunConfig HyperDriveRun HyperParameterSampling"
        " RandomParameterSampling GridParameterSampling BayesianParameterSampling PrimaryMetricGoal"
        " EarlyTerminationPolicy BanditPolicy MedianStoppingPolicy TruncationSelectionPolicy"
        " NoTerminationPolicy choice randint uniform quniform loguniform qloguniform normal qnormal"
        " lognormal qlognormal",
    ),
    _absence(
        "automated ML",
        "Train in a script of your own, and submit it with ScriptRunConfig.",
        "azureml.train.automl azureml.automl azureml.contrib.automl azureml.training",
        "AutoMLConfig AutoMLImageConfig AutoMLRun FeaturizationConfig ForecastingParameters",
    ),
    _absence(
        "web services and images to deploy",
        "Models can be registered and downloaded; serve them with a tool of your own.",
        "azureml.core.webservice azureml.core.image azureml.core.profile azureml.contrib.services"
        " azureml.contrib.server azureml.contrib.functions azureml.contrib.brainwave"
        " azureml.contrib.mir azureml.accel azureml.monitoring azureml.services",
        "InferenceConfig Webservice AciWebservice AksWebservice AksEndpoint LocalWebservice"
        " WebserviceDeploymentConfiguration Image ContainerImage ContainerImageConfig TargetRuntime"
        " ModelProfile ModelPackage ApplicationEndpointConfiguration AzureContainerRegistry",
    ),
    _absence(
        "compute targets of this kind",
        "This machine is the compute target 'local', and AmlCompute makes clusters of it.",
        "azureml.core.compute.adla azureml.core.compute.aks azureml.core.compute.amlcompute"
        " azureml.core.compute.batch azureml.core.compute.compute azureml.core.compute.computeinstance"
        " azureml.core.compute.databricks azureml.core.compute.datafactory azureml.core.compute.dsvm"
        " azureml.core.compute.hdinsight azureml.core.compute.kubernetescompute"
        " azureml.core.compute.kusto azureml.core.compute.remote azureml.core.compute.synapse",
        "AdlaCompute AksCompute BatchCompute ComputeInstance DataFactoryCompute DatabricksCompute"
        " DsvmCompute KubernetesCompute KustoCompute SynapseCompute AbstractComputeTarget LocalTarget"
        " prepare_compute_target is_compute_target_prepared attach_legacy_compute_target"
        " remove_legacy_compute_target",
    ),
    _absence(
        "libraries of a Databricks cluster",
        "Name packages in the environment: CondaDependencies.create(pip_packages=[...]).",
        "",
        "DatabricksCluster DatabricksEnvironment EggLibrary JarLibrary MavenLibrary PyPiLibrary"
        " RCranLibrary",
    ),
    _absence(
        "key vaults",
        "Read secrets from environment variables; jobs get yours.",
        "azureml.core.keyvault",
        "Keyvault",
    ),
    _absence(
        "linked services and private endpoints",
        "Nothing is in a network: a workspace is a folder.",
        "azureml.core.linked_service azureml.core.private_endpoint",
        "LinkedService LinkedServiceConfiguration SynapseWorkspaceLinkedServiceConfiguration"
        " PrivateEndPoint PrivateEndPointConfig",
    ),
    _absence(
        "explanations of models",
        "Use the package interpret-community by itself, and upload what it makes: run.upload_file(...).",
        "azureml.interpret azureml.explain azureml.contrib.interpret azureml.contrib.explain"
        " azureml.contrib.fairness azureml.fairness azureml.responsibleai azureml.rai",
        "ExplanationClient MimicWrapper",
    ),
    _absence(
        "monitors of data drift",
        "Compare the data in a script of your own, and log the distances: run.log(...).",
        "azureml.datadrift azureml.contrib.datadrift",
        "DataDriftDetector AlertConfiguration",
    ),
    _absence(
        "MLflow plugins",
        "Log through azureml.core: run.log(...), or let MLflow write to a store of its own.",
        "azureml.mlflow azureml.contrib.mlflow",
        "",
    ),
    _absence(
        "reinforcement learning on clusters",
        "Train in a script of your own, and submit it with ScriptRunConfig.",
        "azureml.train.rl azureml.contrib.train",
        "ReinforcementLearningEstimator ReinforcementLearningRun WorkerConfiguration",
    ),
    _absence(
        "previews of the SDK, its command line and its own insides",
        "Use the public names: azureml.core, azureml.tensorboard, azureml.train, azureml.widgets.",
        "azureml.contrib azureml._async azureml._base_sdk_common azureml._cli azureml._common"
        " azureml._compute azureml._execution azureml._file_utils azureml._history azureml._html"
        " azureml._jupyter_common azureml._logging azureml._model_management azureml._project"
        " azureml._restclient azureml._run_impl azureml._tracing azureml._vendor azureml._workspace"
        " azureml.core.util azureml.exceptions._azureml_exception azureml.telemetry.activity"
        " azureml.telemetry.contracts azureml.telemetry.log_scope azureml.telemetry.logger"
        " azureml.telemetry.loggers azureml.telemetry.logging_handler azureml.tensorboard.tensorboard"
        " azureml.train._distributed_training azureml.train._estimator_helper"
        " azureml.train._telemetry_logger azureml.widgets.run_details azureml.history",
        "diagnostic_log Audience MMLBaseEstimatorRunConfig get_run_config_from_script_run"
        " add_diagnostics_properties set_diagnostics_properties is_diagnostics_collection_info_available",
    ),
)


def find_absence(module: str) -> Optional[Absence]:
    """Return what a module that no file has is about; the narrowest of those above it decides."""
    while module:
        for absence in ABSENT:
            if module in absence.modules:
                return absence
        module = module.rpartition(".")[0]
    return None
