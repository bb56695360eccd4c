/**
 * A self-signed certificate for localhost and 127.0.0.1, valid for a hundred years, and its key: for tests and benchmarks on
 * loopback, and for nothing else. The key is public, so it protects nothing.
 */
export const TEST_TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmXtnRK9jdnULnimV
/OKNRW28/HYsiFA3Kxym57+LPrOhRANCAATN82oV8B84GrqbZDkpldpx86oDaiT1
u5ES2rZTWII4N3T3w5wjHt4p3r7ezPQF4xnhTPm19EC2TCJj6oOM0k0N
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUab8cZbl795WafQkY/6aVrc5JjpkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTE2NDA0NVoYDzIxMjYxMTAx
MTY0MDQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATN82oV8B84GrqbZDkpldpx86oDaiT1u5ES2rZTWII4N3T3w5wjHt4p
3r7ezPQF4xnhTPm19EC2TCJj6oOM0k0No28wbTAdBgNVHQ4EFgQUZmN5IBSBDMp2
ofGrgHOosVxSGe4wHwYDVR0jBBgwFoAUZmN5IBSBDMp2ofGrgHOosVxSGe4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgZUQGTEOGzKvlu/MImPsZM3msFxMYhK6tP7oxaELGfp4CIQDn
h+3+r5419imy0R+p3XVEKPUPN+XouDo5mFdbeTnC1w==
-----END CERTIFICATE-----
`,
} as const
