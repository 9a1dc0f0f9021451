"""What the values of a table are - numbers, dates, words, identifiers - and how they become codes and values again."""
