"""Words by which a product's title or category says what its picture shows.

Vietnamese words stand with their marks, since ``giày`` (shoes) and ``giấy`` (paper) are one word without them.
"""

#: Vietnamese words without marks: with marks they mean something else, so they count only as they stand.
EXACT = frozenset(("cam", "canh", "cao", "kem", "nem", "tem", "tre"))

_WORDS = {
    "tea": (
        "trà; chè đinh; chè nõn; chè ướp; chè trung du; cà phê; cacao; ấm trà; tách; đồ uống; chè; tea; teh; "
        "coffee; kopi"
    ),
    "bowl": (
        "gốm; gốm sứ; gốm sành; sứ; bát; đĩa; thố; bình; lọ; chậu; vại; chân đèn; ceramic; keramik; pottery; "
        "bowl; bộ đồ ăn"
    ),
    "cloth": (
        "lụa; vải; khăn; dệt; thổ cẩm; thêu ren; lụa tơ tằm; đũi; tơ vàng; rèm cửa; vỏ gối; áo gối; chăn; tấm "
        "trải bàn; mấn; tạp dề; thảm; dải thêu; gối; silk; textile; cloth; kain; batik; thêu; thổ cẩm lanh; hài; "
        "dép; guốc; tất"
    ),
    "dress": (
        "áo; áo dài; váy; áo khoác; áo vest; áo phông; áo sơ mi; áo gi lê; nhật bình; may mặc; bộ đồ bộ; thời "
        "trang bền vững; fashion"
    ),
    "bag": "túi; ví; ba lô; túi xách; túi cói; dây đeo; bag; tas",
    "hat": "nón; mũ; nón bài thơ; nón quai thao; hat; topi",
    "basket": (
        "mây; tre; cói; giỏ; lồng bàn; mẹt; sọt; mây tre đan; bamboo; rattan; basket; anyaman; chụp đèn; ống đũa; "
        "bộ sáu lót ly; bó hoa"
    ),
    "jar": (
        "mật ong; mật; mắm tôm; mứt; sốt; tương; muối; chẩm chéo; gia vị; sáp ong; dưa cải; cà bát; ruốc; cao; "
        "sữa chua; kem; caramen; sữa; ô mai; dưa; honey; sauce; jam; madu; sứa biển; nhộng; phấn hoa; mặt nạ; "
        "trứng gà"
    ),
    "bottle": (
        "rượu; nước mắm; nước; dầu; tinh dầu; dầu gội; sữa rửa mặt; nước hoa; tinh chất; sữa đậu nành; nước lau "
        "sàn; nước rửa bát; nước nhãn; mật dừa; thuốc tắm; bottle; minyak; kem chống nắng"
    ),
    "box": (
        "sơn mài; hộp; gỗ; khảm; khảm trai; tráp; hộp quà; khay; lacquer; wood; craft; mỹ nghệ; bộ đũa; trâm; "
        "lược; mặt dây chuyền; bông tai; đồ sừng; quà tặng; bàn tính; bộ dao; dát vàng; bộ khắc gỗ"
    ),
    "fruit": (
        "trái cây; hoa quả; rau; bưởi; cam; nhãn; nhãn lồng; vải thiều; hồng; khoai tây; hộp rau; fruit; buah; "
        "vegetable; farm; nông sản; trang trại"
    ),
    "fan": "quạt; fan; kipas",
    "frame": (
        "tranh; khung ảnh; bộ tranh; phù điêu; lịch; giấy; sổ; sổ tay; bưu thiếp; thiệp; sách; giấy dó; bộ mười "
        "hai bưu thiếp; paper; kertas; decor; đồng hồ; bảng chữ cái; tem"
    ),
    "toy": (
        "đồ chơi; đồ chơi dân gian; tò he; búp bê; mô hình; thú bông; thú nhồi bông; bộ tượng; tượng; bướm; chuồn "
        "chuồn; bộ tự ráp; công nghệ in 3d; bột nặn; hộp bột nặn; bộ bánh răng; toy; đèn ông sao; đèn nón; đèn "
        "bàn; khuôn; móc khóa; vật liệu xanh; giáo dục"
    ),
    "device": (
        "phần mềm; ứng dụng; robot; cảm biến; trạm; khóa học; dịch vụ; gói phần mềm; gói tư vấn; gói phát; máy "
        "in; bộ cảm biến; bộ kít; nông nghiệp số; thương mại điện tử; sức khỏe số; hộp thuốc; bộ chụp ảnh; "
        "software; app; aplikasi"
    ),
    "soap": (
        "xà phòng; xà bông; nến; hương; nụ trầm; vòng hương; bó tăm hương; soap; cosmetic; sabun; mỹ phẩm; hương "
        "nến; hoa sáp"
    ),
    "packet": (
        "bột; gạo; hạt; miến; miến dong; mì; mỳ; bún; ngũ cốc; granola; snack; muối vừng; thảo quả; tinh bột; "
        "long nhãn; cốm; kẹo; bỏng; lạp sườn; thịt; thịt chế biến; dược liệu; gói; gói tiềm; đậu phụ; bánh đa; ba "
        "kích; bộ xông; rice; beras; food; hạt sen; xôi cốm; nông sản chế biến; thực phẩm; bún miến mì; rau gạo; "
        "phô mai"
    ),
    "cakes": (
        "bánh; bánh kẹo; nem; chả; chả cốm; giò; giò lụa; xôi; chè bánh ngọt; mâm cỗ; cỗ; cake; kue; bánh sữa; "
        "chè lam; món hà nội; gà ủ muối; ẩm thực vùng cao"
    ),
    "noodles": (
        "phở; canh; cơm; chè bột lọc; bún chả; suất bún chả; món chay; mie; noodle; soup; cỗ truyền thống; hộp "
        "bún chả; chè hạt sen; phở cuốn"
    ),
}

KNOWN: dict[str, tuple[str, ...]] = {name: tuple(words.split("; ")) for name, words in _WORDS.items()}
