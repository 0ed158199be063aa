"""Every public call of the SDK that is answered here, as its users write it.

The expected signatures are written down here: parameter names, their order and their defaults are what
scripts depend on. More parameters may follow; those here must be there, in this order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from azureml.core import (
    Environment,
    Experiment,
    Model,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
    get_run,
)
from azureml.core import model as _model
from azureml.core._refused import RefusedProperty
from azureml.core.compute import AmlCompute, ComputeTarget, RemoteCompute
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import DockerBuildContext, EnvironmentReference, ImageBuildDetails
from azureml.core.runconfig import (
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from azureml.telemetry import set_diagnostics_collection
from azureml.train.dnn import Chainer, Gloo, Mpi, Nccl, ParameterServer, PyTorch, TensorFlow
from azureml.train.estimator import Estimator
from azureml.train.sklearn import SKLearn
from azureml.widgets import RunDetails

assert _model.Model is Model

CREATE = (
    "name, auth=None, subscription_id=None, resource_group=None, location=None,"
    " create_resource_group=True, sku='basic', tags=None, friendly_name=None, storage_account=None,"
    " key_vault=None, app_insights=None, container_registry=None, adb_workspace=None,"
    " primary_user_assigned_identity=None, cmk_keyvault=None, resource_cmk_uri=None,"
    " hbi_workspace=False, default_cpu_compute_target=None, default_gpu_compute_target=None,"
    " private_endpoint_config=None, private_endpoint_auto_approval=True, exist_ok=False,"
    " show_output=True, user_assigned_identity_for_cmk_encryption=None,"
    " system_datastores_auth_mode='accessKey', v1_legacy_mode=None"
)
REGISTER = (
    "model_name, model_path=None, tags=None, properties=None, model_framework=None,"
    " model_framework_version=None, description=None, datasets=None, sample_input_dataset=None,"
    " sample_output_dataset=None, resource_configuration=None"
)
PROVISIONING = (
    "vm_size='', vm_priority='dedicated', min_nodes=0, max_nodes=None,"
    " idle_seconds_before_scaledown=1800, admin_username=None, admin_user_password=None,"
    " admin_user_ssh_key=None, vnet_resourcegroup_name=None, vnet_name=None, subnet_name=None,"
    " tags=None, description=None, remote_login_port_public_access='NotSpecified',"
    " identity_type=None, identity_id=None, location=None, enable_node_public_ip=True"
)
DOWNLOADS = (
    "prefix=None, output_directory=None, output_paths=None, batch_size=100, append_prefix=True,"
    " timeout_seconds=None"
)
DOCUMENT = "name, value, description=''"
FILTERS = "type=None, tags=None, properties=None"
TARGET = (
    "source_directory, *, compute_target=None, vm_size=None, vm_priority=None, entry_script=None,"
    " script_params=None"
)
PROCESSES = "node_count=1, process_count_per_node=1"
SERVERS = "worker_count=1, parameter_server_count=1"
DISTRIBUTED = "distributed_backend=None, distributed_training=None, use_gpu=False"
PACKAGES = (
    "use_docker=True, custom_docker_base_image=None, custom_docker_image=None,"
    " image_registry_details=None, user_managed=False, conda_packages=None, pip_packages=None,"
    " conda_dependencies_file_path=None, pip_requirements_file_path=None,"
    " conda_dependencies_file=None, pip_requirements_file=None, environment_variables=None,"
    " environment_definition=None, inputs=None, source_directory_data_store=None, shm_size=None,"
    " resume_from=None, max_run_duration_seconds=None"
)
FRAMEWORK = (
    "framework_version=None, _enable_optimized_mode=False, _disable_validation=True,"
    " _show_lint_warnings=False, _show_package_warnings=False"
)
SCRIPT_RUN_CONFIG = (
    "source_directory, script=None, arguments=None, run_config=None, _telemetry_values=None,"
    " compute_target=None, environment=None, distributed_job_config=None, resume_from=None,"
    " max_run_duration_seconds=2592000, command=None, docker_runtime_config=None"
)

SIGNATURES: list[tuple[Callable[..., Any], str]] = [
    (Workspace.from_config, "path=None, auth=None, _logger=None, _file_name=None"),
    (Workspace.create, CREATE),
    (
        Workspace.get,
        "name, auth=None, subscription_id=None, resource_group=None, location=None,"
        " cloud='AzureCloud', id=None",
    ),
    (Workspace.list, "subscription_id, auth=None, resource_group=None"),
    (Workspace.write_config, "path=None, file_name=None"),
    (Workspace.get_details, ""),
    (Workspace.get_run, "run_id"),
    (Workspace.get_default_datastore, ""),
    (Workspace.set_default_datastore, "name"),
    (Workspace.get_default_keyvault, ""),
    (Workspace.get_mlflow_tracking_uri, ""),
    (Experiment.__init__, "workspace, name"),
    (Experiment.submit, "config, tags=None"),
    (Experiment.start_logging, "name=None, run_id=None, outputs=None, snapshot_directory='.'"),
    (Experiment.get_runs, f"{FILTERS}, include_children=False"),
    (Experiment.list, "workspace, experiment_name=None, view_type='ActiveOnly', tags=None"),
    (Experiment.archive, ""),
    (Experiment.reactivate, "new_name=None"),
    (Experiment.delete, "workspace, experiment_id"),
    (Experiment.tag, "key, value=None"),
    (Experiment.set_tags, "tags"),
    (Experiment.remove_tags, "tags"),
    (Experiment.refresh, ""),
    (Experiment.get_portal_url, ""),
    (Run.__init__, "experiment, run_id, outputs=None"),
    (Run.get_context, "allow_offline=True"),
    (Run.get, "workspace, run_id"),
    (get_run, "experiment, run_id, rehydrate=True"),
    (Run.list, f"experiment, {FILTERS}, status=None, include_children=False"),
    (Run.add_type_provider, "runtype, run_factory"),
    (Run.get_status, ""),
    (Run.get_detailed_status, ""),
    (Run.start, ""),
    (Run.complete, ""),
    (Run.fail, "error_details=None, error_code=None"),
    (Run.cancel, ""),
    (Run.flush, "timeout_seconds=300"),
    (Run.child_run, "name=None, run_id=None, outputs=None"),
    (Run.create_children, "count=None, tag_key=None, tag_values=None"),
    (Run.submit_child, "config, tags=None"),
    (Run.get_children, "recursive=False, tags=None, properties=None, type=None, status=None"),
    (Run.log, "name, value, description='', step=None"),
    (Run.log_list, DOCUMENT),
    (Run.log_row, "name, description=None"),
    (Run.log_table, DOCUMENT),
    (Run.log_image, "name, path=None, plot=None, description=''"),
    (Run.log_accuracy_table, DOCUMENT),
    (Run.log_confusion_matrix, DOCUMENT),
    (Run.log_predictions, DOCUMENT),
    (Run.log_residuals, DOCUMENT),
    (Run.get_metrics, "name=None, recursive=False, run_type=None, populate=False"),
    (Run.tag, "key, value=None"),
    (Run.set_tags, "tags"),
    (Run.remove_tags, "tags"),
    (Run.get_tags, ""),
    (Run.add_properties, "properties"),
    (Run.get_properties, ""),
    (Run.upload_file, "name, path_or_stream, datastore_name=None"),
    (Run.upload_files, "names, paths, return_artifacts=False, timeout_seconds=None"),
    (Run.upload_folder, "name, path"),
    (Run.get_file_names, ""),
    (Run.download_file, "name, output_file_path=None"),
    (Run.download_files, DOWNLOADS),
    (Run.get_details, ""),
    (Run.get_details_with_logs, ""),
    (Run.get_all_logs, "destination=None"),
    (
        Run.wait_for_completion,
        "show_output=False, wait_post_processing=False, raise_on_error=True",
    ),
    (Run.get_environment, ""),
    (Run.take_snapshot, "file_or_folder_path"),
    (Run.restore_snapshot, "snapshot_id=None, path=None"),
    (Run.get_snapshot_id, ""),
    (Run.register_model, REGISTER),
    (Run.get_secret, "name"),
    (Run.get_secrets, "secrets"),
    (Run.get_portal_url, ""),
    (Model.__init__, "workspace, name=None, id=None, tags=None, properties=None, version=None"),
    (Model.register, "workspace, model_path, model_name, tags=None, properties=None"),
    (Model.list, "workspace, name=None, tags=None, properties=None, run_id=None, latest=False"),
    (Model.download, "target_dir='.', exist_ok=False"),
    (Model.delete, ""),
    (Model.update, "tags=None, description=None"),
    (Model.add_tags, "tags"),
    (Model.remove_tags, "tags"),
    (Model.add_properties, "properties"),
    (Model.get_model_path, "model_name, version=None, _workspace=None"),
    (Environment.__init__, "name"),
    (Environment.get, "workspace, name, version=None, label=None"),
    (Environment.list, "workspace"),
    (Environment.register, "workspace"),
    (Environment.label, "workspace, name, version, labels"),
    (Environment.clone, "new_name"),
    (Environment.from_conda_specification, "name, file_path"),
    (Environment.from_pip_requirements, "name, file_path, pip_version=None"),
    (Environment.from_existing_conda_environment, "name, conda_environment_name"),
    (
        Environment.from_docker_image,
        "name, image, container_registry=None, conda_specification=None, pip_requirements=None",
    ),
    (
        Environment.from_dockerfile,
        "name, dockerfile, conda_specification=None, pip_requirements=None",
    ),
    (Environment.from_docker_build_context, "name, docker_build_context"),
    (Environment.add_private_pip_wheel, "workspace, file_path, exist_ok=False"),
    (Environment.build, "workspace, image_build_compute=None"),
    (Environment.build_local, "workspace, platform=None"),
    (Environment.get_image_details, "workspace"),
    (Environment.save_to_directory, "path, overwrite=False"),
    (Environment.load_from_directory, "path"),
    (EnvironmentReference.__init__, "name, version=None"),
    (EnvironmentReference.get_environment, "workspace"),
    (ImageBuildDetails.get_log, ""),
    (ImageBuildDetails.wait_for_completion, "show_output=True"),
    (
        DockerBuildContext.__init__,
        "location_type=None, location=None, dockerfile_path='Dockerfile'",
    ),
    (DockerBuildContext.from_local_directory, "workspace, path, dockerfile_path='Dockerfile'"),
    (CondaDependencies.__init__, "conda_dependencies_file_path=None"),
    (
        CondaDependencies.create,
        "pip_indexurl=None, pip_packages=None, conda_packages=None, python_version='3.10.18',"
        " pin_sdk_version=True",
    ),
    (CondaDependencies.add_conda_package, "conda_package"),
    (CondaDependencies.remove_conda_package, "conda_package"),
    (CondaDependencies.add_pip_package, "pip_package"),
    (CondaDependencies.remove_pip_package, "pip_package"),
    (CondaDependencies.set_pip_requirements, "pip_requirements"),
    (CondaDependencies.set_pip_option, "pip_option"),
    (CondaDependencies.remove_pip_option, "pip_option"),
    (CondaDependencies.set_pip_index_url, "index_url"),
    (CondaDependencies.add_channel, "channel"),
    (CondaDependencies.remove_channel, "channel"),
    (CondaDependencies.set_python_version, "version"),
    (CondaDependencies.get_python_version, ""),
    (CondaDependencies.add_tensorflow_pip_package, "core_type='cpu', version=None"),
    (CondaDependencies.add_tensorflow_conda_package, "core_type='cpu', version=None"),
    (CondaDependencies.add_cntk_package, "core_type='cpu'"),
    (CondaDependencies.serialize_to_string, ""),
    (CondaDependencies.as_dict, ""),
    (CondaDependencies.save, "path=None"),
    (CondaDependencies.save_to_file, "base_directory, conda_file_path=None"),
    (Workspace.get_default_compute_target, "type"),
    (ComputeTarget.create, "workspace, name, provisioning_configuration"),
    (ComputeTarget.attach, "workspace, name, attach_configuration"),
    (ComputeTarget.list, "workspace"),
    (ComputeTarget.delete, ""),
    (ComputeTarget.detach, ""),
    (ComputeTarget.get_status, ""),
    (ComputeTarget.refresh_state, ""),
    (ComputeTarget.serialize, ""),
    (ComputeTarget.deserialize, "workspace, object_dict"),
    (ComputeTarget.wait_for_completion, "show_output=False, is_delete_operation=False"),
    (AmlCompute.provisioning_configuration, PROVISIONING),
    (
        AmlCompute.wait_for_completion,
        "show_output=False, min_node_count=None, timeout_in_minutes=25, is_delete_operation=False",
    ),
    (
        AmlCompute.update,
        "min_nodes=None, max_nodes=None, idle_seconds_before_scaledown=None",
    ),
    (AmlCompute.list_nodes, ""),
    (AmlCompute.get, ""),
    (AmlCompute.get_active_runs, "type=None, tags=None, properties=None, status=None"),
    (AmlCompute.supported_vmsizes, "workspace, location=None"),
    (AmlCompute.list_usages, "workspace, show_all=False, location=None"),
    (AmlCompute.list_quotas, "workspace, location=None"),
    (AmlCompute.add_identity, "identity_type, identity_id=None"),
    (AmlCompute.remove_identity, "identity_id=None"),
    (
        RemoteCompute.attach_configuration,
        "username, subscription_id=None, resource_group=None, vm_name=None, resource_id=None,"
        " address=None, ssh_port=22, password='', private_key_file='', private_key_passphrase=''",
    ),
    (ScriptRunConfig.__init__, SCRIPT_RUN_CONFIG),
    (
        RunConfiguration.__init__,
        "script=None, arguments=None, framework=None, communicator=None, conda_dependencies=None,"
        " command=None",
    ),
    (RunConfiguration.save, "path=None, name=None, separate_environment_yaml=False"),
    (RunConfiguration.load, "path, name=None"),
    (RunConfiguration.delete, "path, name=None"),
    (
        DockerConfiguration.__init__,
        "use_docker=False, shared_volumes=True, arguments=None, shm_size='2g'",
    ),
    (MpiConfiguration.__init__, "process_count_per_node=1, node_count=1"),
    (
        PyTorchConfiguration.__init__,
        "communication_backend='Nccl', process_count=None, node_count=1",
    ),
    (TensorflowConfiguration.__init__, "worker_count=1, parameter_server_count=1"),
    (
        TensorFlow.__init__,
        f"{TARGET}, {PROCESSES}, {SERVERS}, {DISTRIBUTED}, {PACKAGES}, {FRAMEWORK}",
    ),
    (PyTorch.__init__, f"{TARGET}, {PROCESSES}, {DISTRIBUTED}, {PACKAGES}, {FRAMEWORK}"),
    (Chainer.__init__, f"{TARGET}, {PROCESSES}, {DISTRIBUTED}, {PACKAGES}, {FRAMEWORK}"),
    (SKLearn.__init__, f"{TARGET}, {PACKAGES}, {FRAMEWORK}"),
    (Estimator.__init__, f"{TARGET}, {PROCESSES}, {DISTRIBUTED}, {PACKAGES}"),
    (TensorFlow.get_supported_versions, ""),
    (Mpi.__init__, "process_count_per_node=1"),
    (ParameterServer.__init__, "worker_count=1, parameter_server_count=1"),
    (Gloo.__init__, ""),
    (Nccl.__init__, ""),
    (RunDetails.show, "render_lib=None, widget_settings=None"),
    (RunDetails.get_widget_data, "widget_settings=None"),
    (set_diagnostics_collection, "send_diagnostics=True, verbosity=20, reason='', path=None"),
]


@pytest.mark.parametrize(
    ("function", "expected"), SIGNATURES, ids=[one.__qualname__ for one, _ in SIGNATURES]
)
def test_signature(function: Callable[..., Any], expected: str) -> None:
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    wanted = [*inspect.signature(eval(f"lambda {expected}: 0")).parameters.values()]
    assert [str(one) for one in parameters[: len(wanted)]] == [str(one) for one in wanted]
    more = [one.name for one in parameters[len(wanted) :] if one.default is one.empty]
    assert more == [], "what follows has defaults"


KEYWORDS = [Experiment.submit, Experiment.start_logging, Run.__init__, Run.get_context, Run.log_row]


@pytest.mark.parametrize("function", KEYWORDS, ids=lambda function: function.__qualname__)
def test_these_take_more_by_name(function: Callable[..., Any]) -> None:
    kinds = {one.kind for one in inspect.signature(function).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD in kinds


PROPERTIES: dict[type, str] = {
    Workspace: "name subscription_id resource_group location sku tags discovery_url compute_targets"
    " environments experiments models datastores datasets webservices linked_services",
    Experiment: "id name workspace tags archived_time",
    Run: "id name display_name number type parent experiment description status tags properties"
    " input_datasets output_datasets",
    CondaDependencies: "conda_channels conda_packages pip_packages pip_options",
    ImageBuildDetails: "status",
    Model: "name version id url created_time description tags properties run_id run experiment_name"
    " model_framework mime_type",
}


@pytest.mark.parametrize("owner", PROPERTIES, ids=lambda owner: owner.__name__)
def test_properties(owner: type) -> None:
    for name in PROPERTIES[owner].split():
        found = inspect.getattr_static(owner, name)
        assert isinstance(found, (property, RefusedProperty)), name
