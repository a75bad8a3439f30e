# Manual pages. oxidizer-starlark(7) is made by a program of ours, which a cross build cannot run: there the page
# that a release archive brings is taken.
dist_man_MANS += man/oxc.1 man/oxidized_importer.3
EXTRA_DIST += man/oxidizer-starlark.7.in
if HAVE_STARLARK_PAGE
dist_man_MANS += man/oxidizer-starlark.7
endif
if !CROSS_COMPILING
noinst_PROGRAMS += daemon/dialect/oxidizer-starlark-manual
daemon_dialect_oxidizer_starlark_manual_SOURCES = daemon/dialect/manual_main.c
daemon_dialect_oxidizer_starlark_manual_LDADD = $(DIALECT_LIBS) -lpthread
CLEANFILES += man/oxidizer-starlark.7
man/oxidizer-starlark.7: man/oxidizer-starlark.7.in daemon/dialect/oxidizer-starlark-manual$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && daemon/dialect/oxidizer-starlark-manual$(EXEEXT) \
		$(top_srcdir)/man/oxidizer-starlark.7.in > $@.tmp && mv -f $@.tmp $@
endif
