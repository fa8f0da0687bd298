//! The TLS connector of an `https://` endpoint. Built only for one: loading the system's authorities takes 100 ms.

use std::path::Path;

use kch_cli::Var;
use native_tls::{Certificate, Identity, TlsConnector};

use crate::Error;
use crate::endpoint::Endpoint;
use crate::vars::EndpointVars;

pub(crate) fn connector(endpoint: &Endpoint) -> Result<TlsConnector, Error> {
    let vars: &EndpointVars = endpoint.vars();
    let mut builder = TlsConnector::builder();
    if let Some(path) = &endpoint.tls.ca {
        // The file replaces the system's authorities, as it does for curl --cacert and for librdkafka.
        builder.disable_built_in_roots(true);
        let pem = read(path, &vars.ca)?;
        let certificates = Certificate::stack_from_pem(&pem)
            .map_err(|_| Error::file(&vars.ca, path, "holds no PEM certificates"))?;
        if certificates.is_empty() {
            return Err(Error::file(&vars.ca, path, "holds no PEM certificates"));
        }
        for certificate in certificates {
            builder.add_root_certificate(certificate);
        }
    }
    if let Some((cert, key)) = &endpoint.tls.identity {
        let (cert_pem, key_pem) = (read(cert, &vars.cert)?, read(key, &vars.key)?);
        let identity = Identity::from_pkcs8(&cert_pem, &key_pem).map_err(|_| {
            if String::from_utf8_lossy(&key_pem).contains("-----BEGIN PRIVATE KEY-----") {
                return Error::file(&vars.cert, cert, "holds no PEM certificate, or its key is broken");
            }
            let shown = key.display();
            Error::Setting {
                var: vars.key.name,
                why: format!("{shown} is no PKCS#8 PEM key without a passphrase"),
                hint: Some(format!(
                    "openssl pkcs8 -topk8 -nocrypt -in {shown} -out {shown}.pk8 makes one of it"
                )),
            }
        })?;
        builder.identity(identity);
    }
    builder.build().map_err(|error| {
        let why = format!("the client's certificate and key cannot be used together: {error}");
        Error::Setting { var: vars.cert.name, why, hint: None }
    })
}

fn read(path: &Path, var: &Var) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::file(var, path, &format!("cannot be read: {error}")))
}
