"Run notebooks again: does what was explained and checked still hold?"
