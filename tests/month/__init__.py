"""A month of an operator through `forewarn simulate` and `forewarn replay`, and a checker that knows the contract."""
