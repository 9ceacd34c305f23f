"""The names in QuickBooks' own currency list, by which it says in what currency a company's books are kept.

Source: QuickBooks Desktop, Lists ▸ Currency List; where editions write a name differently, both are here. A name that
is not here is no reason to guess.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "US Dollar": "USD", "Argentine Peso": "ARS", "Australian Dollar": "AUD", "Bahamian Dollar": "BSD",
    "Barbadian Dollar": "BBD", "Barbados Dollar": "BBD", "Bermudian Dollar": "BMD", "Bermuda Dollar": "BMD",
    "Brazilian Real": "BRL", "British Pound Sterling": "GBP", "British Pound": "GBP", "Canadian Dollar": "CAD",
    "Chilean Peso": "CLP", "Chinese Yuan Renminbi": "CNY", "Chinese Yuan": "CNY", "Colombian Peso": "COP",
    "Costa Rican Colon": "CRC", "Czech Koruna": "CZK", "Danish Krone": "DKK", "Dominican Peso": "DOP",
    "East Caribbean Dollar": "XCD", "Egyptian Pound": "EGP", "Euro": "EUR", "Guatemalan Quetzal": "GTQ",
    "Honduran Lempira": "HNL", "Hong Kong Dollar": "HKD", "Hungarian Forint": "HUF", "Indian Rupee": "INR",
    "Indonesian Rupiah": "IDR", "Israeli New Shekel": "ILS", "Israeli Shekel": "ILS", "Jamaican Dollar": "JMD",
    "Japanese Yen": "JPY", "Kenyan Shilling": "KES", "Malaysian Ringgit": "MYR", "Mexican Peso": "MXN",
    "Moroccan Dirham": "MAD", "New Zealand Dollar": "NZD", "Nigerian Naira": "NGN", "Norwegian Krone": "NOK",
    "Pakistani Rupee": "PKR", "Panamanian Balboa": "PAB", "Peruvian Nuevo Sol": "PEN", "Peruvian Sol": "PEN",
    "Philippine Peso": "PHP", "Polish Zloty": "PLN", "Romanian Leu": "RON", "Russian Ruble": "RUB",
    "Russian Rouble": "RUB", "Saudi Riyal": "SAR", "Singapore Dollar": "SGD", "South African Rand": "ZAR",
    "South Korean Won": "KRW", "Sri Lankan Rupee": "LKR", "Swedish Krona": "SEK", "Swiss Franc": "CHF",
    "Taiwan Dollar": "TWD", "New Taiwan Dollar": "TWD", "Thai Baht": "THB", "Trinidad and Tobago Dollar": "TTD",
    "Turkish Lira": "TRY", "UAE Dirham": "AED", "Vietnamese Dong": "VND",
}  # fmt: skip
