# What config adds to nginx's Makefile: the built-in schemas, as C, are written
# anew when one of their files changes.

cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/bd_schema_builtin.c:	$ngx_addon_dir/script/embed \\
	`echo $ngx_addon_dir/schema/*.json $ngx_addon_dir/schema/meta/*.json`
	$ngx_addon_dir/script/embed \$@
END
