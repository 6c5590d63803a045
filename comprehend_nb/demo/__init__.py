"The whole loop, without a screen, on real data."

from comprehend_nb.demo.run import STEPS, Done, Step, command, lines_of, perform, perform_all, run_demo, show

__all__ = ["STEPS", "Done", "Step", "command", "lines_of", "perform", "perform_all", "run_demo", "show"]
