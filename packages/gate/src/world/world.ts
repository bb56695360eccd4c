import type { AttestorState } from '@countersign/core/admission/evidence.ts'
import type { AttestorName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { type CompiledPolicy, compilePolicy } from '@countersign/core/policy/compile.ts'
import { listImagePaths } from '@countersign/core/workload/cluster-settings.ts'
import { compileCustomKinds, type CustomKinds, NO_CUSTOM_KINDS } from '@countersign/core/workload/custom.ts'
import { digestInput } from '@countersign/evidence/record/receipt.ts'
import { type VersionedAttestor, versionAttestor } from '../facts/versioned-attestor.ts'
import type { NamedAttestor, ProjectWorld, RegisteredCluster } from '../ports.ts'

/** A project made ready for the hot path. */
export interface CompiledProject {
  readonly world: ProjectWorld
  readonly policy: CompiledPolicy
  /** Names the policy's exact content in receipts. */
  readonly policyDigest: string
  readonly attestors: Readonly<Record<AttestorName, AttestorState>>
  /** Those that are present, with the version under which facts about them are kept. */
  readonly versioned: ReadonlyMap<AttestorName, VersionedAttestor>
}

/** A cluster and the project that decides for it. */
export interface KnownCluster {
  readonly cluster: RegisteredCluster
  readonly project: CompiledProject
  /** Custom kinds of this cluster that name images. */
  readonly custom: CustomKinds
}

/** Everything that decisions depend on but for evidence, as of one feed position. Replaced whole by every change. */
export interface World {
  readonly position: number
  readonly projects: ReadonlyMap<ProjectId, CompiledProject>
  /**
   * By segment. A look-up's time says nothing about the segments that exist: a map compares texts only where their hashes are equal, and the
   * engine seeds those anew in every process; what is equal by chance tells of no prefix, and a segment has 128 random bits or more.
   */
  readonly clusters: ReadonlyMap<string, KnownCluster>
}

/** Before anything was read. */
export const NO_WORLD: World = { position: -1, projects: new Map(), clusters: new Map() }

/** Compiles all projects. */
export function compileWorld(position: number, projects: readonly ProjectWorld[]): World {
  return assemble(position, new Map(projects.map((world) => [world.project, compileProject(world)])))
}

/** The world with some projects read anew; undefined where one was deleted. What did not change is not compiled again. */
export function replaceProjects(world: World, position: number, changed: ReadonlyMap<ProjectId, ProjectWorld | undefined>): World {
  const projects = new Map(world.projects)
  for (const [project, now] of changed) {
    if (now === undefined) projects.delete(project)
    else projects.set(project, compileProject(now, projects.get(project)))
  }
  return assemble(position, projects)
}

/** The cluster whose webhook URL ends in this segment, if any. */
export function findCluster(world: World, segment: string): KnownCluster | undefined {
  return world.clusters.get(segment)
}

function assemble(position: number, projects: ReadonlyMap<ProjectId, CompiledProject>): World {
  const clusters = new Map<string, KnownCluster>()
  for (const project of projects.values()) {
    for (const cluster of project.world.clusters) clusters.set(cluster.segment, { cluster, project, custom: customOf(cluster) })
  }
  return { position, projects, clusters }
}

function customOf({ settings }: RegisteredCluster): CustomKinds {
  return settings === undefined ? NO_CUSTOM_KINDS : compileCustomKinds(listImagePaths(settings))
}

/** Compiling patterns and loading keys are the dear parts, so what is at the same version is taken over. */
function compileProject(world: ProjectWorld, before?: CompiledProject): CompiledProject {
  const same = before?.policy.etag === world.policyEtag ? before : undefined
  const policy = same?.policy ?? compilePolicy(world.policy, world.policyEtag)
  const policyDigest = same?.policyDigest ?? digestInput('policy', world.policy)
  const versioned = new Map<AttestorName, VersionedAttestor>()
  for (const [name, named] of Object.entries(world.attestors) as [AttestorName, NamedAttestor][]) {
    if (named.state !== 'PRESENT') continue
    const now = versionAttestor(named.attestor, named.etag)
    const known = before?.versioned.get(name)
    versioned.set(name, known?.version === now.version ? known : now)
  }
  return { world, policy, policyDigest, attestors: world.attestors, versioned }
}
