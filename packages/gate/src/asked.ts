import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { Caller } from './door/exchange.ts'
import type { CompiledProject } from './world/world.ts'

/** One request, the project that decides it, and when an answer comes too late. */
export interface Asked {
  readonly request: AdmissionRequest
  readonly project: CompiledProject
  readonly now: Instant
  readonly deadlineMs: number
  readonly caller: Caller
}
