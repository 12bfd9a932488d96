"""Documents: QR codes, PDFs set by typst in a child process, sheets of labels."""
