"""Loggers for training frameworks, one module each, which imports its framework.

Hugging Face's Trainer needs none: `TrainingArguments(report_to="azure_ml")` finds `azureml.core`.
"""
