#!/bin/sh
# A Kerberos realm on a host: its KDC, keys of a mail server's services, and a ticket for ada.
# Usage: kdc.sh FOLDER PASSWORD; FOLDER then holds krb5.conf, keytab and the ticket in cache. The KDC's id is in FOLDER/pid.
set -eu
folder=$1 password=$2
policy=/usr/sbin/policy-rc.d
printf '#!/bin/sh\nexit 101\n' >$policy # nothing starts by itself
chmod 755 $policy
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install krb5-kdc krb5-admin-server krb5-user python3-gssapi
rm $policy
mkdir -m 700 "$folder"
cat >"$folder/krb5.conf" <<END
[libdefaults]
    default_realm = CONTOSO.TEST
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    CONTOSO.TEST = {
        kdc = 127.0.0.1:1088
    }
[domain_realm]
    .contoso.test = CONTOSO.TEST
END
cat >"$folder/kdc.conf" <<END
[kdcdefaults]
    kdc_listen = 127.0.0.1:1088
    kdc_tcp_listen = 127.0.0.1:1088
[realms]
    CONTOSO.TEST = {
        database_name = $folder/principal
        key_stash_file = $folder/stash
    }
[logging]
    kdc = FILE:$folder/log
END
export KRB5_CONFIG="$folder/krb5.conf" KRB5_KDC_PROFILE="$folder/kdc.conf" KRB5CCNAME="$folder/cache"
printf '%s\n%s\n' "$password" "$password" | kdb5_util create -s -r CONTOSO.TEST
printf 'addprinc ada\n%s\n%s\n' "$password" "$password" | kadmin.local
for service in imap pop smtp; do
    kadmin.local -q "addprinc -randkey $service/mail.contoso.test"
    kadmin.local -q "ktadd -k $folder/keytab $service/mail.contoso.test"
done
krb5kdc -P "$folder/pid"
printf '%s\n' "$password" | kinit ada
