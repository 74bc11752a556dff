# make install | uninstall. Every file is written under a name that begins with a dot and then renamed: what runs keeps the old one,
# no `include .../*` sees half a file, and an upgrade is one step. With DESTDIR= the files land there; the paths in them are without.
#
# The site's own folders are left alone: nothing is written to /etc. plugstack.conf is to name what is installed here; atoll-admin(7).

.PHONY: install uninstall $O/atoll.pc $O/install/plugstack.conf $O/install/modulefile

plugin_dir = $(libdir)/slurm
our_data   = $(datadir)/atoll

# mode:file:folder:name
installed  = $(foreach p,$(programs),755:$p:$(bindir):$(notdir $p)) \
  644:$(library):$(libdir):$(notdir $(library)) 644:$O/atoll.pc:$(libdir)/pkgconfig:atoll.pc \
  $(foreach h,$(wildcard include/atoll/*.h include/atoll/*/*.h),644:$h:$(includedir)/$(patsubst include/%/,%,$(dir $h)):$(notdir $h)) \
  $(foreach m,$(wildcard man/*.[1-9]),644:$m:$(mandir)/man$(subst .,,$(suffix $m)):$(notdir $m)) \
  $(foreach e,$(wildcard examples/*.cc examples/*.h),644:$e:$(our_data)/examples:$(notdir $e)) \
  $(foreach s,$(wildcard scripts/sbatch/*),755:$s:$(our_data)/sbatch:$(notdir $s)) \
  644:scripts/grafana/atoll.json:$(our_data)/grafana:atoll.json \
  644:$O/install/modulefile:$(our_data)/modulefiles/atoll:$(VERSION) \
  644:$O/install/completion:$(datadir)/bash-completion/completions:atoll \
  $(foreach p,$(plugin),755:$p:$(plugin_dir):$(notdir $p) 644:$O/install/plugstack.conf:$(our_data)/plugstack.conf.d:atoll.conf)

# Folders that are ours alone, the inner ones first: uninstall removes them when they are empty.
our_folders = $(our_data)/grafana $(our_data)/examples $(our_data)/sbatch $(our_data)/modulefiles/atoll $(our_data)/modulefiles \
  $(our_data)/plugstack.conf.d $(our_data) $(includedir)/atoll

$O/atoll.pc: Makefile config.mk
	$(call say,GEN) printf '%s\n' 'libdir=$(libdir)' 'includedir=$(includedir)' '' \
	  'Name: atoll' 'Description: GPU actors inside a Slurm allocation' 'Version: $(VERSION)' \
	  'Cflags: -I$${includedir} -std=c++20 -pthread $(MSGPACK_CFLAGS)' 'Libs: -L$${libdir} -latoll -pthread $(libs)' > $@

# The templates' words in @ are the values of this configuration; a command line's prefix= counts, hence always anew.
fill = sed -e 's|@bindir@|$(bindir)|g' -e 's|@mandir@|$(mandir)|g' -e 's|@libdir@|$(libdir)|g' -e 's|@plugin_dir@|$(plugin_dir)|g' \
  -e 's|@version@|$(VERSION)|g' -e 's|@slurm_version@|$(SLURM_VERSION)|g'
$O/install/plugstack.conf $O/install/modulefile: $O/install/%: scripts/install/%.in
	$(call say,GEN) $(fill) $< > $@

$O/install/completion: scripts/install/completion scripts/install/completion.bash $O/atoll
	$(call say,GEN) scripts/install/completion $O/atoll > $@

install: all $O/atoll.pc $O/install/plugstack.conf $O/install/modulefile $O/install/completion
	@for i in $(installed); do \
	  IFS=: read -r mode file to name <<< "$$i"; to="$(DESTDIR)$$to"; half="$$to/.$$name.$$$$"; \
	  install -D -m $$mode $$file "$$half" && mv -fT "$$half" "$$to/$$name" || { rm -f "$$half"; exit 1; }; \
	done
	@echo "atoll $(VERSION) is installed under $(DESTDIR)$(prefix)"
	$(if $(plugin),@[ -n "$(DESTDIR)" ] || echo "Slurm $(SLURM_VERSION) finds the plugin by one line in plugstack.conf: include $(our_data)/plugstack.conf.d/*.conf")

uninstall:
	@for i in $(installed); do IFS=: read -r mode file to name <<< "$$i"; rm -f "$(DESTDIR)$$to/$$name"; done
	@for f in $(our_folders); do rmdir "$(DESTDIR)$$f" 2> /dev/null; done; :
