"""Look for free contacts in the codes that a search finds, size by size.

A size whose code may have a free contact is searched again with more starts, for then a better
code matters most. Run the script again to go on where it stopped: sizes in the result are skipped.

    python experiments/free_contacts.py
"""

from pathlib import Path

from neuralcollapse.claims.experiments import read_rows, versions, write_rows
from neuralcollapse.codes import holes
from neuralcollapse.codes.spherical import spherical_code

RESULT = Path(__file__).with_suffix(".json")
RECIPE = {"seed": 0, "starts": 400, "starts_if_not_excluded": 3200}
SIZES = (
    [(n, 3) for n in range(7, 49)]
    + [(n, 4) for n in range(9, 31)]
    + [(n, 5) for n in range(11, 23)]
)


def survey(num_points, dimension):
    """Search a code and list its holes.

    Parameters
    ----------
    num_points, dimension : int

    Returns
    -------
    dict
    """
    for starts in (RECIPE["starts"], RECIPE["starts_if_not_excluded"]):
        code = spherical_code(num_points, dimension, seed=RECIPE["seed"], starts=starts)
        row = {
            "n": num_points,
            "d": dimension,
            "coherence": round(code.coherence, 10),
            "starts": starts,
            "hits": code.hits,
            "rattlers": len(code.rattlers),
        }
        if len(code.rattlers) < 2:
            break
        found = holes(code.points)
        row |= {
            "holes": found.num_holes,
            "between": round(found.between, 6),
            "within": round(found.within, 6),
            "excluded": found.exclude_contact,
        }
        if found.exclude_contact:
            break
    return row


def main():
    """Survey all sizes, writing after each."""
    rows = read_rows(RESULT)
    done = {(row["n"], row["d"]) for row in rows}
    for size in SIZES:
        if size in done:
            continue
        rows.append(survey(*size))
        print(rows[-1], flush=True)
        write_rows(RESULT, rows, recipe=RECIPE, versions=versions("numpy", "scipy"))


if __name__ == "__main__":
    main()
