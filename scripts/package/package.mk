# make deb | rpm: packages of this build, in $B/packages, for this machine's system and Slurm.
# make check-packages: uses the debs in a fresh Debian. make check-release SUITE=trixie [TESTS=...]: builds and tests in that one.
# The latter two need root, change nothing on the machine, and are no part of make check.
# deb and rpm share a stage, so one waits for the other.

.PHONY: deb rpm check-packages check-release

deb rpm: config.mk
	+@MAKE='$(MAKE)' B='$B' VERSION='$(VERSION)' SLURM_VERSION='$(if $(plugin),$(SLURM_VERSION))' flock config.mk scripts/package/$@

check-packages: deb
	+@MAKE='$(MAKE)' B='$B' exec scripts/package/check-packages

check-release:
	@SUITE='$(SUITE)' TESTS='$(TESTS)' exec scripts/package/check-release
