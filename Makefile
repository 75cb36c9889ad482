# `make demo` and `make test` need python3 with venv, make and a C++ compiler; all else comes into
# a virtual environment beside this file. tools/environment does the work.

PYTHON ?= python3
OUT ?= out/demo
ROS ?= jazzy
export PYTHON ROS

.PHONY: help demo test lint build docs clean

help:
	@echo "make demo      train on a simulated study, then run the whole chain live; results in $(OUT)"
	@echo "               DATA=archive.npz   real recordings instead of the simulated study"
	@echo "               MINORITY=cohort    the cohort of DATA that the ensemble is balanced for"
	@echo "               OUT=folder         where the results go"
	@echo "make test      check style and types, then run the whole test suite"
	@echo "               ROS=kilted         with Kilted's Python wheels; also for the other targets"
	@echo "make lint      check style and types only"
	@echo "make build     make the environment and build the package; then: source install/setup.bash"
	@echo "make docs      build the documentation; it begins in out/docs/index.html"
	@echo "make clean     remove the environment and everything that was built (not the results)"

demo:
	@tools/environment demo --output "$(OUT)" \
		$(if $(DATA),--data "$(DATA)") $(if $(MINORITY),--minority "$(MINORITY)")

test lint build docs clean:
	@tools/environment $@
