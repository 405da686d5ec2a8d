"""Board: a public record of a company's issues, filed, followed and cured in the open."""
