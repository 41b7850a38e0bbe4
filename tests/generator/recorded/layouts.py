"""Tiny files with the columns and value formats of public data sets; every value is made here."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]
START = datetime(2019, 1, 1)


def write_csv(file: Path, rows: list[Row]) -> Path:
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def with_luhn(digits: str) -> str:
    """A card number: the digits, and the check digit of ISO/IEC 7812-1."""
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(digits))]
    total = sum(each - 9 if each > 9 else each for each in doubled)
    return f"{digits}{-total % 10}"


CARDS = [with_luhn(f"40000012{number:07d}") for number in range(5)]


def sparkov(rows: int = 60, days: float = 20.0) -> list[Row]:
    rng = random.Random(1)
    made = []
    for number in range(rows):
        at = START + timedelta(days=days * number / rows)
        fraud = number >= rows - 4
        category = "shopping_net" if fraud else rng.choice(["grocery_pos", "misc_net", "home"])
        made.append(
            {
                "": number,
                "trans_date_trans_time": f"{at:%Y-%m-%d %H:%M:%S}",
                "cc_num": CARDS[0] if fraud else CARDS[number % 5],
                "merchant": f"fraud_Shop, Son and {number % 7}",
                "category": category,
                "amt": f"{1_000 if fraud else rng.uniform(1, 90):.2f}",
                "first": "Ann",
                "last": "Example",
                "gender": "F",
                "street": "1 Road",
                "city": "Town",
                "state": "NY",
                "zip": "10001",
                "lat": 40.7,
                "long": -74.0,
                "city_pop": 1000,
                "job": "Baker",
                "dob": "1980-01-01",
                "trans_num": f"{number:032x}",
                "unix_time": 1325376000 + number,
                "merch_lat": round(40.7 + rng.uniform(-1, 1), 6),
                "merch_long": round(-74.0 + rng.uniform(-1, 1), 6),
                "is_fraud": int(fraud),
            }
        )
    return made


def tabformer(rows: int = 48) -> list[Row]:
    errors = {5: "Insufficient Balance,", 6: "Bad PIN,Insufficient Balance,", 7: "Bad CVV,"}
    made = []
    # Sorted by user and card, not by time, as the published file is.
    for number in sorted(range(rows), key=lambda each: (each % 3, each)):
        at = datetime(2002, 9, 1, 6, 21) + timedelta(hours=12 * number)
        online = number % 4 == 3
        abroad = number % 4 == 2
        made.append(
            {
                "User": number % 3,
                "Card": 0,
                "Year": at.year,
                "Month": at.month,
                "Day": at.day,
                "Time": f"{at:%H:%M}",
                "Amount": "$-99.00" if number == 9 else f"${10 + number}.5{number % 10}",
                "Use Chip": "Online Transaction" if online else "Swipe Transaction",
                "Merchant Name": 3527213246127876953 - number % 5,
                "Merchant City": "ONLINE" if online else ("Rome" if abroad else "La Verne"),
                "Merchant State": "" if online else ("Italy" if abroad else "CA"),
                "Zip": "" if online or abroad else "91750.0",
                "MCC": 5300,
                "Errors?": errors.get(number, ""),
                "Is Fraud?": "Yes" if number in (40, 41, 43) else "No",
            }
        )
    return made


def handbook(rows: int = 60) -> list[Row]:
    made = []
    for number in range(rows):
        at = datetime(2018, 4, 1, 0, 0, 31) + timedelta(hours=8 * number)
        scenario = {50: 1, 53: 3, 56: 3}.get(number, 0)
        made.append(
            {
                "TRANSACTION_ID": number,
                "TX_DATETIME": f"{at}",
                "CUSTOMER_ID": 596 + number % 3,
                "TERMINAL_ID": 3156 + number % 4,
                "TX_AMOUNT": 57.16 + number if scenario != 1 else 221.0,
                "TX_TIME_SECONDS": 31 + 28_800 * number,
                "TX_TIME_DAYS": number // 3,
                "TX_FRAUD": int(scenario > 0),
                "TX_FRAUD_SCENARIO": scenario,
            }
        )
    return made


def paysim(rows: int = 40) -> list[Row]:
    made = []
    for number in range(rows):
        kind = "PAYMENT" if number % 2 else "TRANSFER"
        made.append(
            {
                "step": 1 + number // 2,
                "type": kind,
                "amount": 9839.64 + number,
                "nameOrig": f"C{1231006815 + number}",
                "oldbalanceOrg": 170136.0,
                "newbalanceOrig": 160296.36,
                "nameDest": f"{'M' if number % 2 else 'C'}{1979787155 + number % 6}",
                "oldbalanceDest": 0.0,
                "newbalanceDest": 0.0,
                "isFraud": int(number in (30, 32)),
                "isFlaggedFraud": 0,
            }
        )
    return made


LAYOUTS = {
    "sparkov": sparkov,
    "tabformer": tabformer,
    "fraud_detection_handbook": handbook,
    "paysim": paysim,
}
