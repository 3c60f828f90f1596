"""The books on sale, by number: title and price in cents."""

BOOKS = {
    1: ("Moby-Dick", 1250),
    2: ("Middlemarch", 1400),
    3: ("The Trial", 990),
    4: ("Frankenstein", 875),
    5: ("Don Quixote", 1820),
    6: ("Emma", 940),
    7: ("Dead Souls", 1130),
    8: ("Walden", 790),
}
