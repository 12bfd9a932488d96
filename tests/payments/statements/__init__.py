"""Statements as five Vietnamese banks give them, made from a seed, with the truth beside them.

They test how transfers are recognised, so nothing here reads or imports what recognises them.
``python -m tests.payments.statements.make FOLDER`` writes them; :mod:`history` says what happened on an account,
:mod:`notes` what payers write, :mod:`banks` what each bank makes of it, :mod:`files` how its file looks.

For a figure over many lines: ``make_statement(bank, invoices, lines=20_000, mangled=0.1)`` with invoices of one's own
(:class:`people.OpenInvoice`), ``files.file_of`` for its file, ``make.truth_of`` for what is true of each line. A line
that names nobody and no reference cannot be told by anyone; none is made so that a careful reader must be wrong.
"""
