dnl The macros of configure.ac. A dependency is looked for with pkg-config where it has a .pc file, and its header must compile.

dnl ATOLL_WITH(NAME, required|check, DEBIAN-PACKAGE, HEADER, [PKG-CONFIG MODULE], [LIBRARIES], [FOLDERS TO TRY], [MORE CFLAGS])
dnl
dnl Adds --with-NAME=yes|no|check|DIR. When found: HAVE_NAME is 1 in config.h and config.mk, and NAME_CFLAGS, NAME_LIBS and
dnl NAME_DIR (the DIR or tried folder it was found in, else empty) are set. When absent: HAVE_NAME is 0 in config.mk and not
dnl defined in config.h; that is an error, raised by ATOLL_COMPLAIN, if NAME is required or was asked for by name.
AC_DEFUN([ATOLL_WITH], [m4_pushdef([NAME], m4_toupper([$1]))dnl
AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [yes, no, check or a folder @<:@]m4_if([$2], [required], [yes], [check])[@:>@ ($4, Debian: $3)])],
            [], [with_$1=m4_if([$2], [required], [yes], [check])])
AC_MSG_CHECKING([for $1])
HAVE_[]NAME=0 NAME[]_CFLAGS= NAME[]_LIBS= NAME[]_DIR= atoll_found=no
AS_CASE([$with_$1],
  [no],        [atoll_folders=],
  [yes|check], [atoll_folders="$7 system"],
  [/*],        [atoll_folders=$with_$1],
               [AC_MSG_ERROR([--with-$1=$with_$1: say yes, no, check or a folder that begins with /])])
for atoll_folder in $atoll_folders; do
  ATOLL_LOOK([$5], [$6])
  atoll_saved=$CPPFLAGS CPPFLAGS="$CPPFLAGS $atoll_cflags $8"
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#include <$4>]])], [atoll_good=yes], [atoll_good=no])
  CPPFLAGS=$atoll_saved
  AS_IF([test $atoll_good = yes],
    [HAVE_[]NAME=1 NAME[]_CFLAGS="$atoll_cflags[]m4_ifval([$8], [ $8])" NAME[]_LIBS=$atoll_libs atoll_found="yes ($atoll_how)"
     test $atoll_folder = system || NAME[]_DIR=$atoll_folder
     AC_DEFINE(HAVE_[]NAME)
     break])
done
AC_MSG_RESULT([$atoll_found])
AS_CASE([$HAVE_[]NAME:$with_$1],
  [1:*|0:check], [],
  [0:no], [m4_if([$2], [required], [ATOLL_LACKS([$1: Atoll cannot be built with --without-$1])])],
  [ATOLL_LACKS([$1: --with-$1=$with_$1, but no $4 that compiles; install the Debian package $3, or say --with-$1=DIR[]m4_if([$2], [required], [], [ or --without-$1])])
   atoll_packages="$atoll_packages $3"])
AS_VAR_APPEND([atoll_summary], ["`printf '%12s  %s' '$1' "$atoll_found"`$as_nl"])
AC_SUBST(HAVE_[]NAME)AC_SUBST(NAME[]_CFLAGS)AC_SUBST(NAME[]_LIBS)AC_SUBST(NAME[]_DIR)
m4_popdef([NAME])])

dnl ATOLL_LOOK(MODULE, LIBRARIES): sets atoll_cflags, atoll_libs and atoll_how for atoll_folder ("system" or a path).
AC_DEFUN([ATOLL_LOOK], [atoll_cflags= atoll_libs="$2" atoll_how=$atoll_folder atoll_path=$PKG_CONFIG_PATH
AS_CASE([$atoll_folder], [system|/usr], [],
  [atoll_cflags="-isystem$atoll_folder/include"
   m4_ifval([$2], [atoll_libs="-L$atoll_folder/lib -Wl,-rpath,$atoll_folder/lib $2"])
   atoll_path=])
m4_ifval([$1],
  [for atoll_pc in "$atoll_folder"/lib*/pkgconfig "$atoll_folder"/lib/*/pkgconfig "$atoll_folder"/share/pkgconfig; do
     test -f "$atoll_pc/$1.pc" && atoll_path=$atoll_pc:$PKG_CONFIG_PATH
   done
   AS_IF([{ test "$atoll_folder" = system || test -n "$atoll_path"; } && PKG_CONFIG_PATH=$atoll_path $PKG_CONFIG --exists $1],
     [atoll_cflags=`PKG_CONFIG_PATH=$atoll_path $PKG_CONFIG --cflags $1 | sed 's/-I */-isystem/g; s/ *$//'`
      atoll_libs=`PKG_CONFIG_PATH=$atoll_path $PKG_CONFIG --libs $1 | sed 's/ *$//'`
      atoll_how="pkg-config `PKG_CONFIG_PATH=$atoll_path $PKG_CONFIG --modversion $1`"])])])

dnl ATOLL_LACKS(WORDS): remembers one reason why Atoll cannot be configured.
AC_DEFUN([ATOLL_LACKS], [AS_VAR_APPEND([atoll_lacks], ["$as_nl  $1"])])

dnl ATOLL_COMPLAIN: ends configure with every reason at once, and the command that helps.
AC_DEFUN([ATOLL_COMPLAIN], [AS_IF([test -n "$atoll_lacks"],
  [test -z "$atoll_packages" || atoll_packages="${as_nl}As root: apt-get install$atoll_packages, or scripts/deps for everything"
   AC_MSG_ERROR([Atoll cannot be configured:$atoll_lacks$atoll_packages])])])

dnl ATOLL_CXX20: the compiler must know C++20 with coroutines.
AC_DEFUN([ATOLL_CXX20], [AC_MSG_CHECKING([whether $CXX knows C++20])
atoll_saved=$CXXFLAGS CXXFLAGS="$CXXFLAGS -std=c++20"
AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#include <coroutine>
#include <concepts>
template <std::integral T> struct s { std::coroutine_handle<> handle; };]])], [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   ATOLL_LACKS([compiler: $CXX does not compile C++20; install the Debian package g++ (12 or later), or say CXX=...])])
CXXFLAGS=$atoll_saved])

dnl ATOLL_SLURM_VERSION: SLURM_VERSION, as in 22.05.8; the plugin loads only into the Slurm major.minor it was built for.
AC_DEFUN([ATOLL_SLURM_VERSION], [AS_IF([test $HAVE_SLURM = 1],
  [atoll_saved=$CPPFLAGS CPPFLAGS="$CPPFLAGS $SLURM_CFLAGS"
   AC_COMPUTE_INT([atoll_slurm], [SLURM_VERSION_NUMBER], [[#include <slurm/slurm_version.h>]], [atoll_slurm=0])
   CPPFLAGS=$atoll_saved
   SLURM_VERSION=`printf '%d.%02d.%d' $((atoll_slurm >> 16)) $((atoll_slurm >> 8 & 255)) $((atoll_slurm & 255))`
   atoll_summary=`AS_ECHO(["$atoll_summary"]) | sed "/^ *slurm /s/(/(Slurm $SLURM_VERSION, /"`$as_nl])
AC_SUBST([SLURM_VERSION])])

dnl ATOLL_SUMMARY: says what was found.
AC_DEFUN([ATOLL_SUMMARY], [AS_ECHO(["
$PACKAGE_NAME $PACKAGE_VERSION is configured for $prefix:
$atoll_summary"])])
