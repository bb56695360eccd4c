import { makeMemoryStore } from './memory-tables.ts'
import { tablesContract } from './store-contract.ts'

tablesContract('memory', async () => ({ ...makeMemoryStore(), close: async () => undefined }))
