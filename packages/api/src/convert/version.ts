import { create } from '@bufbuild/protobuf'
import type { Version as VersionV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/package/package_pb.ts'
import { VersionSchema as VersionV1Beta1Schema } from '../gen/google/devtools/containeranalysis/v1beta1/package/package_pb.ts'
import type { VulnerabilityLocation } from '../gen/google/devtools/containeranalysis/v1beta1/vulnerability/vulnerability_pb.ts'
import { VulnerabilityLocationSchema } from '../gen/google/devtools/containeranalysis/v1beta1/vulnerability/vulnerability_pb.ts'
import type { Version as VersionV1 } from '../gen/grafeas/v1/package_pb.ts'
import { VersionSchema as VersionV1Schema } from '../gen/grafeas/v1/package_pb.ts'
import { recast } from './recast.ts'

/** v1beta1 → v1, as the member of this name, where there is a version. Nothing is lost. */
export function upgradeVersion<M extends string>(member: M, version: VersionV1Beta1 | undefined): { readonly [K in M]?: VersionV1 } {
  return version === undefined ? {} : named(member, recast(VersionV1Beta1Schema, version, VersionV1Schema))
}

/** v1 → v1beta1, likewise. Lost: `fullName` and `inclusive`. */
export function downgradeVersion<M extends string>(member: M, version: VersionV1 | undefined): { readonly [K in M]?: VersionV1Beta1 } {
  return version === undefined ? {} : named(member, recast(VersionV1Schema, version, VersionV1Beta1Schema))
}

/** Where v1beta1 says that a package is, of what v1 says flat. */
export function locationOf(cpeUri: string, name: string, version: VersionV1 | undefined): VulnerabilityLocation {
  return create(VulnerabilityLocationSchema, { cpeUri, package: name, ...downgradeVersion('version', version) })
}

function named<M extends string, V>(member: M, value: V): { readonly [K in M]?: V } {
  return { [member]: value } as { readonly [K in M]: V }
}
