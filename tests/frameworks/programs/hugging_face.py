"""Train a tiny model by the real Trainer; print its history. Nothing here knows trackboard.

Arguments: whom it reports to.
"""

import json
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=8, n_embd=8, n_layer=2, n_head=2))
rows = [{"input_ids": row, "labels": row} for row in torch.randint(0, 32, (16, 8))]

trainer = Trainer(
    model=model,
    args=TrainingArguments(
        "checkpoints",
        num_train_epochs=2,
        per_device_train_batch_size=4,
        logging_steps=2,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=sys.argv[1:],
        disable_tqdm=True,
        use_cpu=True,
    ),
    train_dataset=rows,
    eval_dataset=rows[:4],
)
trainer.train()
sys.stdout.write(json.dumps(trainer.state.log_history))
