"""The operator report: a folder that explains to an operator what became of its energy."""
