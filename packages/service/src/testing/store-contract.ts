import type { DecisionSink } from '../audit/ports.ts'
import { auditContract } from './audit-contract.ts'
import { breakGlassContract } from './break-glass-contract.ts'
import { changesContract } from './changes-contract.ts'
import type { ContractStore } from './contract-store.ts'
import { gatesContract } from './gates-contract.ts'
import { metadataContract } from './metadata-contract.ts'
import { policyContract } from './policy-contract.ts'
import { registrationContract } from './registration-contract.ts'

/** Everything that flows rely on, run over one implementation: `open` gives an empty store each time. */
export function storeContract(name: string, open: () => Promise<ContractStore & DecisionSink>): void {
  tablesContract(name, open)
  auditContract(name, open)
}

/** The same without what gates ship. */
export function tablesContract(name: string, open: () => Promise<ContractStore>): void {
  changesContract(name, open)
  registrationContract(name, open)
  policyContract(name, open)
  breakGlassContract(name, open)
  metadataContract(name, open)
  gatesContract(name, open)
}
