# Builds everything into build/; nothing outside of it is written.
#
#   make               the module and batch-dial-validate
#   make module        build/ngx_http_batch_dial_module.so, for the installed
#                      nginx (Debian's nginx-dev)
#   make validate      build/batch-dial-validate
#   make unit          build/unit/test_*, under ASan and UBSan
#   make fuzz          build/fuzz/fuzz_*, libFuzzer targets (clang)
#   make asan-nginx    build/asan/nginx: nginx with the module linked in, both
#                      under ASan and UBSan
#   make clang-module  only compiles the module, with clang
#   make clean
#
# script/bootstrap installs what all this needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

TOP := $(CURDIR)
B := build

# gcc, not make's own default cc, so that the sanitizers are those installed.
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang

WARN := -W -Wall -Wextra -Wpointer-arith -Wno-unused-parameter -Werror
CORE_CFLAGS := -std=c11 -g $(WARN) -Ingx_module/core
CORE_LIBS := -ljansson -lcrypto -lpcre2-8 -lidn2
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -fno-omit-frame-pointer

.PHONY: all module validate unit fuzz asan-nginx clang-module clean FORCE

all: module validate


# The core, with what is generated from schema/.  nginx's Makefile generates its
# own copy (config.make).

BUILTIN := $(B)/core/bd_schema_builtin.c
CORE_SRCS := $(sort $(wildcard ngx_module/core/*.c))
CORE_NAMES := $(basename $(notdir $(CORE_SRCS) $(BUILTIN)))

$(BUILTIN): script/embed $(wildcard schema/*.json schema/meta/*.json)
	@mkdir -p $(@D)
	script/embed $@

# $(call core,NAME,COMPILER AND FLAGS): build/NAME/libbd.a, the core so built.
# It is an archive, so that a test may include the file it tests to reach its
# statics.
define core
$(B)/$(1)/core/%.o: ngx_module/core/%.c Makefile
	@mkdir -p $$(@D)
	$(2) $(CORE_CFLAGS) -MMD -MP -c -o $$@ $$<

$(B)/$(1)/core/bd_schema_builtin.o: $(BUILTIN) Makefile
	@mkdir -p $$(@D)
	$(2) $(CORE_CFLAGS) -MMD -MP -c -o $$@ $$<

# the folder is newer than the archive also when a file of it has gone
$(B)/$(1)/libbd.a: $(CORE_NAMES:%=$(B)/$(1)/core/%.o) ngx_module/core
	@mkdir -p $$(@D)
	rm -f $$@
	ar rcs $$@ $$(filter %.o,$$^)

-include $(CORE_NAMES:%=$(B)/$(1)/core/%.d)
endef


# The module, against the headers and flags of Debian's nginx-dev.  configure
# runs in place, as Debian's own module packages do it, and writes to
# --builddir alone.  It runs again when config, the nginx or this folder's
# place changed; what is to be compiled again is decided by nginx's Makefile.

NGINX_SRC := /usr/share/nginx/src
MODULE := $(B)/ngx_http_batch_dial_module.so

$(B)/nginx.version: FORCE
	@mkdir -p $(@D)
	@version="$$(dpkg-query -W nginx-dev) $(TOP)"; \
	    echo "$$version" | cmp -s - $@ || echo "$$version" > $@

$(B)/module/Makefile: config config.make $(B)/nginx.version
	@rm -rf $(@D) && mkdir -p $(@D)
	@echo "configure for nginx $$(dpkg-query -W -f '$${Version}' nginx-dev)"
	@cd $(NGINX_SRC) && . ./conf_flags && ./configure \
	    --with-cc-opt="$$(dpkg-buildflags --get CFLAGS) -fPIC \
	        $$(dpkg-buildflags --get CPPFLAGS)" \
	    --with-ld-opt="$$(dpkg-buildflags --get LDFLAGS) -fPIC" \
	    "$${NGX_CONF_FLAGS[@]}" --add-dynamic-module=$(TOP) \
	    --builddir=$(TOP)/$(@D) > $(TOP)/$(@D).log 2>&1 \
	    || { cat $(TOP)/$(@D).log; exit 1; }

$(B)/module/ngx_http_batch_dial_module.so: $(B)/module/Makefile FORCE
	@$(MAKE) --no-print-directory -C $(NGINX_SRC) -f $(TOP)/$< modules

# install unlinks what was there: a running nginx keeps its own copy mapped.
$(MODULE): $(B)/module/ngx_http_batch_dial_module.so
	install -m 644 $< $@

module: $(MODULE)


# The command line validator.

CLI := ngx_module/cli/batch_dial_validate.c

$(eval $(call core,validate,$(CC) -O2))

$(B)/batch-dial-validate: $(CLI) $(B)/validate/libbd.a Makefile
	$(CC) $(CORE_CFLAGS) -O2 -MMD -MP -MF $(B)/validate/cli.d -MT $@ -o $@ \
	    $(CLI) $(B)/validate/libbd.a $(CORE_LIBS)

-include $(B)/validate/cli.d

validate: $(if $(wildcard $(CLI)),$(B)/batch-dial-validate)


# Unit tests: one program for each tests/unit/test_*.c.

$(eval $(call core,unit,$(CC) -O1 $(SAN)))

UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

$(B)/unit/test_%: tests/unit/test_%.c $(B)/unit/libbd.a Makefile
	$(CC) $(CORE_CFLAGS) -O1 $(SAN) -MMD -MP -MF $@.d -MT $@ -o $@ \
	    $< $(B)/unit/libbd.a -lcmocka $(CORE_LIBS)

-include $(UNIT:%=%.d)

unit: $(UNIT)


# Fuzz targets: one program for each tests/fuzz/fuzz_*.c.  clang alone has
# libFuzzer; it also shows that the core compiles without a warning there.

$(eval $(call core,fuzz,$(CLANG) -O1 $(SAN) -fsanitize=fuzzer-no-link))

FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(B)/fuzz/libbd.a Makefile
	$(CLANG) $(CORE_CFLAGS) -O1 $(SAN) -fsanitize=fuzzer -MMD -MP -MF $@.d \
	    -MT $@ -o $@ $< $(B)/fuzz/libbd.a $(CORE_LIBS)

-include $(FUZZ:%=%.d)

fuzz: $(FUZZ)


# A second compiler's opinion of the glue.

NGINX_INCS := $(wildcard $(addprefix $(NGINX_SRC)/src/, core event \
    event/modules event/quic os/unix http http/modules http/v2 http/v3))

clang-module: $(B)/module/Makefile
	$(CLANG) -fsyntax-only $(WARN) -Wno-sign-compare \
	    $(NGINX_INCS:%=-I%) -I$(B)/module \
	    -Ingx_module -Ingx_module/core $(wildcard ngx_module/*.c)


# nginx and the module in one program under ASan and UBSan.
#
# NGX_DEBUG_PALLOC makes each pool allocation a malloc of its own, without
# which the sanitizer sees nothing of an overflow within a pool.  Two checks
# are off for nginx's own sake: it copies zero bytes from NULL
# (nonnull-attribute) and reads HTTP/2 frames at any address (alignment).

ASAN_SAN := $(SAN) -fno-sanitize=nonnull-attribute,alignment
ASAN_OBJS := $(B)/asan/objs

$(B)/asan/src.stamp: $(B)/nginx.version script/nginx-source
	script/nginx-source $(B)/asan
	touch $@

$(ASAN_OBJS)/Makefile: config config.make $(B)/asan/src.stamp
	@rm -rf $(@D) && mkdir -p $(@D)
	@echo "configure for an nginx under ASan"
	@cd $(B)/asan/src && ./configure --builddir=$(TOP)/$(@D) --with-compat \
	    --with-debug --with-threads --with-pcre-jit \
	    --with-http_ssl_module --with-http_v2_module \
	    --with-http_auth_request_module --with-http_stub_status_module \
	    --with-http_realip_module --with-http_sub_module \
	    --with-http_addition_module --with-http_gunzip_module \
	    --with-http_gzip_static_module --with-http_slice_module \
	    --add-module=$(TOP) \
	    --with-cc-opt="-g -O1 $(ASAN_SAN) -DNGX_DEBUG_PALLOC=1" \
	    --with-ld-opt="$(ASAN_SAN)" \
	    > $(TOP)/$(@D).log 2>&1 || { cat $(TOP)/$(@D).log; exit 1; }

$(ASAN_OBJS)/nginx: $(ASAN_OBJS)/Makefile FORCE
	@$(MAKE) --no-print-directory -C $(B)/asan/src -f $(TOP)/$< build

$(B)/asan/nginx: $(ASAN_OBJS)/nginx
	install $< $@

asan-nginx: $(B)/asan/nginx


clean:
	rm -rf $(B)
