"""Credit memos and refunds in the books, over the REST API.

Nothing is unique on a reference in Tryton, and it has no idempotency keys. So what carries our reference is looked up
before anything is made and again afterwards; of several drafts the one with the lowest id is kept, and what is posted
is never posted again. Whoever calls sees to it that two of the same reference do not run at once.

A credit memo is a customer invoice with negative quantities; a refund is an entry that books the received money out
again. What is posted cannot be withdrawn: it is countered by a document with the opposite sign that carries a reference
of its own. The two cancel each other in what is owed. Reconciling their lines is closed to the REST API (the field is
not writable there), and left to the ledger's own reconciliation.

credits.py, refunds.py   the orders, one after the other
drafting.py              of one reference: look up, keep the lowest, delete the others, check the amount
copying.py               what is copied from the invoice that is credited, or taken from the configuration
bookings.py              what was booked as received for an invoice
calendar.py              the day on which the books let it be
"""
