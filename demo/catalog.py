"""The names in the demo's data: people, companies and products of a promotional-products business."""

from __future__ import annotations

PASSWORD = "demo"  # noqa: S105 – It is printed at every start.
ADMIN, REP, OTHER = "admin@demo.test", "rep@demo.test", "admin@other.test"

VENDORS = ("Evans Glassware", "Gemline", "Hit Promotional", "Koozie Group", "Sanmar Apparel")

CUSTOMERS = (
    "Atlas Moving", "Beacon Law Group", "Bluebird Bakery", "Café Olé", "Cedar Animal Hospital", "City of Fairview",
    "Golden Gate Cycling Club", "Harbor Coffee Roasters", "Kline & Sons Plumbing", "Lakeside Dental",
    "Maple Street School", "Northfield Credit Union", "O'Brien Landscaping", "Pioneer Insurance", "Prairie Wind Farm",
    "Redwood Brewing Co.", "Starling Software", "Summit Physical Therapy", "Tri-County Realty", "Vista Robotics",
)  # fmt: skip

OTHER_CUSTOMERS = ("ABC Company", "Quiet Corner Books", "Riverbend Theater")

PRODUCTS = (
    ("A7102", "Almond - 11 oz/Stoneware", "2.30", "1.18"),
    ("T2040", "Ringspun Tee/Heather Navy", "7.85", "4.10"),
    ("P0115", "Click Pen/Recycled", "0.62", "0.27"),
    ("B3301", "20 oz Tumbler/Copper Lined", "11.40", "6.95"),
    ("C0909", "Canvas Tote/Natural", "3.95", "1.80"),
    ("N5512", "Soft Cover Notebook/5x8", "4.25", "2.05"),
    ("H7781", "Five-Panel Cap/Black", "8.10", "4.45"),
    ("L1003", "Lanyard/20 mm Polyester", "1.15", "0.48"),
    ("U4420", "Folding Umbrella/Auto", "9.60", "5.20"),
    ("S6606", "Sticker Sheet/Kiss Cut", "0.335", "0.12"),
    ("K2218", "Key Tag/Acrylic", "0.98", "0.41"),
    ("J9004", "Fleece Jacket/Charcoal", "34.75", "21.60"),
    ("G1187", "Pint Glass/16 oz", "3.10", "1.62"),
    ("D3050", "Desk Calendar/Twelve Month", "5.45", "2.70"),
)
"""Number, name, price and cost. The price of the stickers has three decimals."""

PLACES = (
    ("12 Wharf Road", "Portland", "OR", "97204"), ("480 Elm Street", "Boise", "ID", "83702"),
    ("7 Market Square", "Tucson", "AZ", "85701"), ("2210 Lake Avenue", "Duluth", "MN", "55802"),
    ("95 Foundry Lane", "Columbus", "OH", "43215"), ("301 Mission Street", "San Jose", "CA", "95110"),
)  # fmt: skip

BAD_NAMES = {
    1061: ("Smith: Sons", "QuickBooks takes no colon in a name."),
    1062: ("Tab\tTavern", "QuickBooks takes no tab in a name."),
    1063: ("The Very Long Name " + "and Even Longer Name " * 24 + "Company", "QuickBooks takes 500 characters."),
    1064: ("Books by Bessie", "The books already have a vendor of this name, and one name serves all lists."),
    1065: ("<script>alert(1)</script>", "A name that is markup must stay a name."),
    1066: ("Party Time 🎈🎉", "A US company file in QuickBooks keeps Latin letters; this is outside."),
    1067: ("בית הדפוס / مطبعة النور", "A name that is written from right to left."),
}
"""Customers with difficult names, by the number of their order, each with the difficulty."""
