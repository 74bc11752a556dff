# Atoll's one Makefile: hand-written, not recursive. configure writes config.mk (values only) and config.h, by itself if need be.
#
#   make                 the library, the programs, the plugin, the examples      V=1   show the commands
#   make check           install what is missing, run every test                  B=DIR build in DIR, not build/
#   make demo | bench    see it work | measure it                                 SAN=address|thread with a sanitizer
#   make install | uninstall   prefix=/usr/local DESTDIR=
#   make deb | rpm       packages, in build/packages
#   make check-packages | check-release SUITE=trixie     as root: use the debs in a fresh Debian | build and test in another
#   make deps | dist | format | compile_commands.json | clean | distclean
#
# A folder is a library of its *.cc; NAME_main.cc is the main of a program and in no library.

B   ?= build
SAN ?=
O   := $B$(if $(SAN),/$(SAN))
MAKEFLAGS += -rR $(if $(filter 0,$(MAKELEVEL)),-j$(shell nproc))
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all tests suites fuzzers smoke check demo bench deps dist format clean distclean
SHELL := /bin/bash
all:

ifneq ($(filter-out deps check check-release demo format clean distclean,$(or $(MAKECMDGOALS),all)),)
include config.mk
endif

# What is built.

public    := runtime/client runtime/collective runtime/device runtime/logs runtime/objects runtime/scheduler runtime/session runtime/state runtime/timeline runtime/wire topology runtime/base
folders   := launcher launcher/dashboard runtime/control runtime/metrics runtime/node $(public)
sources    = $(filter-out %_main.cc,$(wildcard $1/*.cc))
objects    = $(patsubst %,$O/obj/%.o,$(basename $1))
alone      = $(patsubst %.cc,$O/%,$(call sources,$1))
if_main    = $(if $(wildcard $1),$2)

archives  := $(folders:%=$O/%.a)
library   := $O/libatoll.a
programs  := $(call if_main,launcher/atoll_main.cc,$O/atoll) $(call if_main,runtime/node/atolld_main.cc,$O/atolld)
plugin_c  := $(wildcard spank_plugin/*.c)
plugin_pure := $(patsubst %,$O/obj/spank_plugin/%.o,spec config answer)
plugin    := $(if $(filter 1,$(HAVE_SLURM)),$(if $(plugin_c),$O/spank_atoll.so))
examples  := $(call alone,examples)
fuzzers   := $(call alone,tests/fuzz)
benches   := $(call alone,bench)
helpers   := $(call alone,tests/cluster)
suites    := $O/tests/unit $O/tests/sim

all: $(library) $(programs) $(plugin) $(examples)
suites: $(suites)
fuzzers: $(fuzzers)
# What tests/cluster/sanitized.sh runs, built with SAN.
smoke: $(programs) $O/tests/cluster/traffic
tests: all suites fuzzers $(helpers)

# How: our own flags stand before the user's CPPFLAGS, CXXFLAGS and LDFLAGS; SAN's stand after them.

used      := HWLOC UCX PMIX OPENSSL SPDLOG MSGPACK JSON XXHASH CLI11 DOCTEST OMPI CUDA NCCL HIREDIS PUGIXML MUNGE MICROHTTPD NCURSES BENCHMARK
comma     := ,
sanitizer := $(subst address,address$(comma)undefined,$(SAN))
ifneq ($(filter-out address thread,$(SAN)),)
$(error SAN=$(SAN): say address or thread)
endif
# Left out of undefined: what address finds as well (null, object-size) or x86 allows (alignment); they take half of the compile time.
san_flags := $(if $(SAN),-Og -g1 -fno-omit-frame-pointer -fsanitize=$(sanitizer) -fno-sanitize=null -fno-sanitize=alignment -fno-sanitize=object-size -fno-sanitize-recover=undefined)
warnings  := -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror=return-type -Werror=unused-result
own_flags := -I. -Iinclude $(sort $(foreach d,$(used),$($d_CFLAGS)))
user_flags = -Iinclude $(MSGPACK_CFLAGS)
compile    = $(CXX) -std=c++20 -pthread $(warnings) -ffunction-sections -fdata-sections $(flags) $(CPPFLAGS) $(CXXFLAGS) $(san_flags)
link       = $(CXX) -pthread -Wl,--gc-sections $(LDFLAGS) $(san_flags) -o $@
libs       = -Wl,--as-needed $(foreach d,$(filter-out CLI11 DOCTEST MICROHTTPD NCURSES BENCHMARK,$(used)),$($d_LIBS)) -ldl $(LIBS)
all_ours   = -Wl,--start-group $(archives) $(wildcard $O/tests/support.a) -Wl,--end-group
say        = $(if $(V),,@printf '  %-4s %s\n' $1 $(@:$O/%=%);)mkdir -p $(@D);

flags      = $(own_flags)
$(call objects,$(call sources,examples)): flags = $(user_flags)
# Neither is worth the compiler's time: the launcher plans and waits, and tests are mostly doctest's macros (of msgpack -Og warns falsely).
$O/obj/launcher/%: private CXXFLAGS += -O1
$O/obj/tests/%: private CXXFLAGS += -Og -Wno-mismatched-new-delete

# Precompiled for the suites: the standard headers that most files include, and doctest. Not for what is optimized: g++ 12
# warns falsely of a header that was precompiled. A file still includes what it uses: PCH=no builds without. ccache asks
# to be told that it may.
PCH      ?= yes
pch_reads := algorithm chrono functional map memory optional set string string_view vector doctest/doctest.h
pch_of     = $(if $(filter no,$(PCH)),,$(if $(filter tests/unit/% tests/sim/%,$1),$(if $(filter %_main,$1),,$O/pch/suites.h)))
export CCACHE_SLOPPINESS := pch_defines,time_macros
$O/pch/suites.h.gch: Makefile config.mk
	$(call say,PCH) printf '#include <%s>\n' $(pch_reads) > $(@:.gch=) && $(compile) -x c++-header -o $@ $(@:.gch=)

.SECONDEXPANSION:
$O/obj/%.o: %.cc Makefile config.mk config.h $$(addsuffix .gch,$$(call pch_of,$$*))
	$(call say,CXX) $(compile) $(addprefix -include ,$(call pch_of,$*)) -MMD -MP -c -o $@ $<

# The page is put into this one, byte for byte.
$O/obj/launcher/dashboard/page_files.o: $(wildcard launcher/dashboard/page/*)

$O/obj/spank_plugin/%.o: spank_plugin/%.c Makefile config.mk config.h
	$(call say,CC) $(CC) -std=gnu11 -fPIC -Wall -Wextra -Wshadow -I. -DATOLL_PROGRAM='"$(bindir)/atoll"' $(SLURM_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A folder is a prerequisite of what its files become, so that a deleted source leaves it.
$(archives) $O/tests/support.a: $O/%.a: $$(call objects,$$(call sources,$$*)) $$(wildcard $$*)
	$(call say,AR) rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

$(library): $(call objects,$(foreach f,$(public),$(call sources,$f))) $(wildcard $(public))
	$(call say,AR) rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

$O/atoll: $O/obj/launcher/atoll_main.o
$O/atoll: libs += $(NCURSES_LIBS)
$O/atolld: $O/obj/runtime/node/atolld_main.o
$(programs): $(archives)
	$(call say,LD) $(link) $(filter %.o,$^) $(all_ours) $(libs)

$(examples): $O/%: $O/obj/%.o $(library)
	$(call say,LD) $(link) $^ $(libs)

$O/tests/unit: $(plugin_pure)
$(suites): $O/%: $$(call objects,$$(wildcard $$*/*.cc)) $(archives) $O/tests/support.a $$(wildcard $$*)
	$(call say,LD) $(link) $(filter %.o,$^) $(all_ours) $(libs)

$(fuzzers) $(benches) $(helpers): $O/%: $O/obj/%.o $$(call objects,$$(wildcard $$(dir $$*)*_main.cc)) $(archives) $O/tests/support.a
	$(call say,LD) $(link) $(filter %.o,$^) $(all_ours) $(libs) $(if $(filter bench/%,$*),$(BENCHMARK_LIBS))

$O/spank_atoll.so: $(call objects,$(plugin_c)) $(wildcard spank_plugin spank_plugin/*.map)
	$(call say,LD) $(CC) -shared -Wl,-z,relro,-z,now,-z,noexecstack,--build-id $(LDFLAGS) $(patsubst %,-Wl$(comma)--version-script=%,$(filter %.map,$^)) -o $@ $(filter %.o,$^)

-include $(shell find $O/obj -name '*.d' 2>/dev/null)

# Configuring.

configure: configure.ac m4/atoll.m4
	autoconf

config.mk: configure config.mk.in config.h.in
	@if test -x config.status; then ./config.status --recheck && ./config.status; else ./configure; fi && touch config.mk
config.h: config.mk ;

compile_commands.json: Makefile config.mk
	@{ $(foreach s,$(wildcard $(addsuffix /*.cc,$(folders) examples tests/* bench)),\
	  printf '{"directory":"%s","file":"%s","command":"%s"}\n' '$(CURDIR)' $s '$(strip $(compile)) -c $s';) } | sed '1s/^/[/; $$!s/$$/,/; $$s/$$/]/' > $@

# Testing, showing, measuring. These install what is missing first, which needs no configure.

check:
	@MAKE='$(MAKE)' B='$B' SAN='$(SAN)' tests/check

deps:
	@scripts/deps

demo:
	@scripts/deps --ensure build optional box demo
	@$(MAKE) --no-print-directory all
	@B='$B' exec scripts/demo

bench: all $(benches)
	@$(if $(wildcard bench/run),B='$O' bench/run,echo 'make bench: there is no bench/run')

# Installing and packing.

include scripts/install/install.mk
include scripts/package/package.mk

dist: configure
	git archive --prefix=atoll-$(VERSION)/ --add-file=configure -o atoll-$(VERSION).tar.gz HEAD

format:
	git ls-files '*.h' '*.cc' '*.c' | xargs -r clang-format -i

clean:
	rm -rf $B compile_commands.json
distclean: clean
	rm -rf autom4te.cache config.h config.mk config.log config.status configure configure~ atoll-*.tar.gz
