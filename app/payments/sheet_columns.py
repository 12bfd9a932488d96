"""The columns of bank statements, by the names that banks give them."""

from app.kernel.sheets import Column
from app.kernel.sheets.parsers import text
from app.payments.sheet_cells import amount, booked, clock, currency, direction

COLUMNS = (
    Column(
        "booked_at",
        {
            "en": ("Transaction date", "Date", "Trans. date", "Tran date", "Trans date", "Date time"),
            "vi": (
                *(
                    "Ngày giao dịch",
                    "Ngày GD",
                    "Ngày",
                    "Ngày phát sinh",
                    "Ngày phát sinh giao dịch",
                    "Thời gian giao dịch",
                ),
                *("Ngày giờ giao dịch", "Thời gian", "Ngày thực hiện"),
            ),
            "id": ("Tanggal transaksi", "Tanggal", "Tgl"),
        },
        booked(),
    ),
    Column(
        "value_at",
        {
            "en": ("Value date", "Effective date", "Posting date", "Accounting date"),
            "vi": ("Ngày hiệu lực", "Ngày giá trị", "Ngày hạch toán", "Ngày ghi sổ"),
            "id": ("Tanggal efektif", "Tanggal valuta"),
        },
        booked(),
    ),
    Column(
        "clock",
        {"en": ("Time", "Transaction time"), "vi": ("Giờ giao dịch", "Giờ", "Giờ GD"), "id": ("Jam", "Waktu")},
        clock(),
    ),
    Column(
        "credit",
        {
            "en": ("Credit", "Credit amount", "Deposit", "Deposits", "Money in", "Amount in"),
            "vi": (
                *("Số tiền ghi có", "Ghi có", "Phát sinh có", "PS có", "Có", "Tiền vào", "Số tiền vào", "Tiền gửi vào"),
                "Số phát sinh có",
            ),
            "id": ("Kredit", "Uang masuk", "Dana masuk"),
        },
        amount(),
    ),
    Column(
        "debit",
        {
            "en": ("Debit", "Debit amount", "Withdrawal", "Withdrawals", "Money out", "Amount out"),
            "vi": (
                *("Số tiền ghi nợ", "Ghi nợ", "Phát sinh nợ", "PS nợ", "Nợ", "Tiền ra", "Số tiền ra", "Tiền rút ra"),
                "Số phát sinh nợ",
            ),
            "id": ("Debet", "Uang keluar", "Dana keluar"),
        },
        amount(),
    ),
    Column(
        "amount",
        {
            "en": ("Amount", "Transaction amount"),
            "vi": ("Số tiền", "Số tiền giao dịch", "Số tiền GD", "Giá trị giao dịch", "Phát sinh"),
            "id": ("Jumlah", "Nominal", "Mutasi"),
        },
        amount(),
    ),
    Column(
        "direction",
        {
            "en": ("Debit or credit", "D/C", "DC", "Dr/Cr", "DrCr", "Type", "Transaction type"),
            "vi": ("Ghi nợ hay có", "Nợ/Có", "+/-", "Loại giao dịch", "Ghi nợ/có", "Loại", "Chiều giao dịch"),
            "id": ("Debet atau kredit", "D/K", "Jenis"),
        },
        direction(),
    ),
    Column(
        "purpose",
        {
            "en": (
                "Details",
                "Description",
                "Transaction details",
                "Transaction description",
                "Remark",
                "Remarks",
                "Narrative",
                "Content",
            ),
            "vi": (
                *(
                    "Nội dung",
                    "Nội dung giao dịch",
                    "Nội dung chi tiết",
                    "Nội dung chuyển khoản",
                    "Diễn giải",
                    "Mô tả",
                    "Mô tả giao dịch",
                ),
                *("Chi tiết giao dịch", "Nội dung CK", "Nội dung thanh toán", "Ghi chú"),
            ),
            "id": ("Keterangan", "Uraian", "Berita"),
        },
        text(2_000),
    ),
    Column(
        "payer_name",
        {
            "en": (
                "Payer",
                "Sender",
                "Counterparty",
                "Counterparty name",
                "Correspondent name",
                "Corresponsive name",
                "Remitter",
                "Beneficiary/Applicant",
            ),
            "vi": (
                *("Người chuyển", "Tên người chuyển", "Tên tài khoản đối ứng", "Tên TK đối ứng", "Tên đối ứng"),
                *(
                    "Tên đơn vị đối ứng",
                    "Đối tác",
                    "Đơn vị chuyển",
                    "Đơn vị thụ hưởng/Đơn vị chuyển",
                    "Tên người gửi",
                    "Người chuyển tiền",
                    "Đối ứng",
                ),
            ),
            "id": ("Pengirim", "Nama pengirim"),
        },
        text(500),
    ),
    Column(
        "payer_account",
        {
            "en": (
                "Payer's account",
                "Counterparty account",
                "Correspondent account",
                "Corresponsive account",
                "Sender account",
            ),
            "vi": (
                *("Tài khoản đối ứng", "Số tài khoản đối ứng", "Số TK đối ứng", "TK đối ứng"),
                *("Tài khoản người chuyển", "Số tài khoản người chuyển"),
            ),
            "id": ("Rekening pengirim",),
        },
        text(100),
    ),
    Column(
        "number",
        {
            "en": (
                *(
                    "Transaction number",
                    "Transaction no",
                    "Reference",
                    "Reference number",
                    "Ref",
                    "Ref no",
                    "Ref. no.",
                    "Doc no",
                ),
                *("Transaction ID", "Trans ID", "Transaction code", "Trace no"),
            ),
            "vi": (
                *("Số bút toán", "Mã giao dịch", "Số tham chiếu", "Mã tham chiếu", "Số giao dịch", "Số GD", "Mã GD"),
                *("Số chứng từ", "Số CT", "Bút toán", "Mã bút toán"),
            ),
            "id": ("Nomor transaksi", "Nomor referensi", "No. referensi"),
        },
        text(200),
    ),
    Column(
        "currency",
        {
            "en": ("Currency", "Ccy", "Curr"),
            "vi": ("Loại tiền", "Loại tiền tệ", "Tiền tệ", "Đơn vị tiền tệ", "Mã tiền tệ"),
            "id": ("Mata uang", "Valuta"),
        },
        currency(),
    ),
    Column(
        "account",
        {
            "en": ("Our account",),
            "vi": ("Tài khoản của mình", "Tài khoản nhận"),
            "id": ("Rekening kami",),
        },
        text(100),
    ),
)
