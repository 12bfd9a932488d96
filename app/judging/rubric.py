"""The rounds and criteria a new contest begins with, in three languages; the organiser may change every word."""

from dataclasses import dataclass, field

Texts = dict[str, str]


@dataclass(frozen=True)
class CriterionPlan:
    """A criterion before it is stored: scores run from ``min`` to ``max``, ``anchors`` say what some of them mean."""

    name: Texts
    weight: int
    anchors: dict[str, Texts]
    min: int = 1
    max: int = 5


@dataclass(frozen=True)
class RoundPlan:
    """A round before it is stored: ``advance_count`` ideas go on to the next one."""

    name: Texts
    advance_count: int
    criteria: list[CriterionPlan] = field(default_factory=list)


CONTEST_NAME: Texts = {
    "vi": "Cuộc thi ý tưởng khởi nghiệp",
    "id": "Kompetisi ide usaha",
    "en": "Startup idea contest",
}

NEED = CriterionPlan(
    name={"vi": "Nhu cầu thực tế", "id": "Kebutuhan nyata", "en": "Real need"},
    weight=20,
    anchors={
        "1": {
            "vi": "Chưa rõ ai cần và vì sao",
            "id": "Belum jelas siapa yang membutuhkan dan mengapa",
            "en": "Unclear who needs it, and why",
        },
        "3": {
            "vi": "Nêu được nhóm khách hàng và vấn đề, còn ít bằng chứng",
            "id": "Pelanggan dan masalah disebutkan, bukti masih sedikit",
            "en": "Customers and problem are named, with little evidence",
        },
        "5": {
            "vi": "Khách hàng cụ thể, vấn đề có số liệu hoặc lời kể thật",
            "id": "Pelanggan jelas, masalah didukung angka atau kisah nyata",
            "en": "Definite customers, the problem shown by figures or first-hand stories",
        },
    },
)
NOVELTY = CriterionPlan(
    name={"vi": "Tính mới và sáng tạo", "id": "Kebaruan dan kreativitas", "en": "Novelty and craft"},
    weight=20,
    anchors={
        "1": {
            "vi": "Giống sản phẩm đã có trên thị trường",
            "id": "Sama dengan produk yang sudah ada",
            "en": "The same as what is already sold",
        },
        "3": {
            "vi": "Cải tiến một điểm so với cách làm hiện nay",
            "id": "Memperbaiki satu hal dari cara yang ada",
            "en": "Improves one thing on today's way",
        },
        "5": {
            "vi": "Cách làm mới, khó sao chép, giữ được bản sắc",
            "id": "Cara baru, sulit ditiru, menjaga jati diri",
            "en": "A new way, hard to copy, true to its tradition",
        },
    },
)
BUSINESS = CriterionPlan(
    name={"vi": "Khả năng kinh doanh", "id": "Kelayakan usaha", "en": "Business viability"},
    weight=25,
    anchors={
        "1": {
            "vi": "Chưa có giá bán, chi phí hay kênh bán",
            "id": "Belum ada harga, biaya, atau saluran penjualan",
            "en": "No price, cost or way to sell yet",
        },
        "3": {
            "vi": "Có giá và chi phí, doanh thu còn là dự đoán",
            "id": "Harga dan biaya ada, pendapatan masih perkiraan",
            "en": "Price and cost are there, income is a guess",
        },
        "5": {
            "vi": "Đã bán được hoặc có đơn đặt, số liệu hợp lý",
            "id": "Sudah terjual atau ada pesanan, angkanya masuk akal",
            "en": "Sold already or ordered, with figures that add up",
        },
    },
)
TEAM = CriterionPlan(
    name={"vi": "Năng lực nhóm", "id": "Kemampuan tim", "en": "Strength of the team"},
    weight=15,
    anchors={
        "1": {
            "vi": "Thiếu người cho những việc chính",
            "id": "Belum ada orang untuk tugas utama",
            "en": "Nobody yet for the main tasks",
        },
        "3": {
            "vi": "Đủ người, cần thêm kinh nghiệm",
            "id": "Orangnya cukup, pengalaman perlu ditambah",
            "en": "Enough people, experience to be gained",
        },
        "5": {
            "vi": "Đúng người, đúng việc, đã cùng làm ra kết quả",
            "id": "Orang yang tepat dan sudah bersama mencapai hasil",
            "en": "The right people, with results made together",
        },
    },
)
IMPACT = CriterionPlan(
    name={
        "vi": "Tác động tới phụ nữ và cộng đồng",
        "id": "Dampak bagi perempuan dan masyarakat",
        "en": "Good for women and the community",
    },
    weight=20,
    anchors={
        "1": {
            "vi": "Chưa thấy lợi ích ngoài chủ cơ sở",
            "id": "Manfaat hanya bagi pemilik",
            "en": "No benefit beyond the owner",
        },
        "3": {
            "vi": "Tạo việc làm hoặc giảm hại môi trường ở quy mô nhỏ",
            "id": "Menciptakan kerja atau mengurangi kerusakan lingkungan dalam skala kecil",
            "en": "Makes work or spares nature on a small scale",
        },
        "5": {
            "vi": "Thay đổi rõ rệt cho nhiều phụ nữ, có thể nhân rộng",
            "id": "Perubahan nyata bagi banyak perempuan dan bisa diperluas",
            "en": "A clear change for many women, and it can spread",
        },
    },
)
PITCH = CriterionPlan(
    name={"vi": "Trình bày và trả lời", "id": "Presentasi dan jawaban", "en": "Pitch and answers"},
    weight=20,
    anchors={
        "1": {
            "vi": "Khó hiểu, chưa trả lời được câu hỏi",
            "id": "Sulit dipahami, pertanyaan belum terjawab",
            "en": "Hard to follow, questions left open",
        },
        "3": {
            "vi": "Dễ hiểu, trả lời được phần lớn",
            "id": "Mudah dipahami, sebagian besar terjawab",
            "en": "Clear, most questions answered",
        },
        "5": {
            "vi": "Thuyết phục, trả lời thẳng và có dẫn chứng",
            "id": "Meyakinkan, jawaban langsung dan berdasar",
            "en": "Convincing, with straight answers and proof",
        },
    },
)

CORE = [NEED, NOVELTY, BUSINESS, TEAM, IMPACT]
FINAL = RoundPlan(
    name={"vi": "Vòng chung kết", "id": "Babak final", "en": "Final"}, advance_count=0, criteria=[*CORE, PITCH]
)
EARLIER = [
    RoundPlan(name={"vi": "Vòng sơ khảo", "id": "Babak penyisihan", "en": "First round"}, advance_count=20),
    RoundPlan(name={"vi": "Vòng bán kết", "id": "Babak semifinal", "en": "Semi-final"}, advance_count=10),
]


def default_rounds(count: int) -> list[RoundPlan]:
    """The plan of ``count`` rounds, 1 to 3; the last is the final, where the ideas are pitched.

    Raises ValueError for another count.
    """
    if not 1 <= count <= len(EARLIER) + 1:
        raise ValueError(f"a contest has 1 to {len(EARLIER) + 1} rounds, not {count}")
    kept = EARLIER[len(EARLIER) + 1 - count :]
    return [RoundPlan(plan.name, plan.advance_count, CORE) for plan in kept] + [FINAL]
