import type { TokenTables } from '@countersign/service/access/ports.ts'
import type { AuditTables } from '@countersign/service/audit/ports.ts'
import type { LogTables } from '@countersign/service/audit/log-ports.ts'
import type { BreakGlassTables } from '@countersign/service/break-glass/ports.ts'
import type { GateTables } from '@countersign/service/gates/ports.ts'
import type { NoteTables, OccurrenceTables } from '@countersign/service/metadata/ports.ts'
import type { AttestorTables, ExemptionTables, PolicyTables } from '@countersign/service/policy/ports.ts'
import type { ClusterTables, ProjectTables } from '@countersign/service/registration/ports.ts'
import { attestorTables } from './attestors.ts'
import { auditTables } from './audit.ts'
import { breakGlassTables } from './break-glass.ts'
import type { Database } from './database.ts'
import { gateTables } from './gates.ts'
import { logTables } from './log.ts'
import { noteTables, occurrenceTables } from './metadata.ts'
import { exemptionTables, policyTables } from './policies.ts'
import { clusterTables, projectTables } from './projects.ts'
import { tokenTables } from './tokens.ts'

/** Everything that flows read and write. */
export type AllTables = TokenTables &
  ProjectTables &
  ClusterTables &
  PolicyTables &
  AttestorTables &
  ExemptionTables &
  BreakGlassTables &
  NoteTables &
  OccurrenceTables &
  AuditTables &
  LogTables &
  GateTables

/** Every table, on one connection or transaction. */
export function allTables(db: Database): AllTables {
  return {
    ...tokenTables(db),
    ...projectTables(db),
    ...clusterTables(db),
    ...policyTables(db),
    ...attestorTables(db),
    ...exemptionTables(db),
    ...breakGlassTables(db),
    ...noteTables(db),
    ...occurrenceTables(db),
    ...auditTables(db),
    ...logTables(db),
    ...gateTables(db),
  }
}
