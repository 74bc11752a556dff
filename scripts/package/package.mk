# make deb | rpm: packages of this build, in $B/packages, for this machine's system and Slurm.

.PHONY: deb rpm

deb rpm: config.mk
	+@MAKE='$(MAKE)' B='$B' VERSION='$(VERSION)' SLURM_VERSION='$(if $(plugin),$(SLURM_VERSION))' scripts/package/$@
