"""What suppliers answer to reviewers' questions, in words and with documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0262_supplier_answers"
down_revision = "0261_parcels_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supplier_answers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("question_id", sa.Uuid(), sa.ForeignKey("supplier_questions.id"), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
    )
    op.create_index("ix_supplier_answers_question_id", "supplier_answers", ["question_id"])
    tenancy.own("supplier_answers", "supplier_id")
    tenancy.append_only("supplier_answers")
    op.add_column(
        "supplier_documents",
        sa.Column("answer_id", sa.Uuid(), sa.ForeignKey("supplier_answers.id"), nullable=True),
    )
    op.create_index("ix_supplier_documents_answer_id", "supplier_documents", ["answer_id"])


def downgrade() -> None:
    op.drop_column("supplier_documents", "answer_id")
    op.drop_table("supplier_answers")
