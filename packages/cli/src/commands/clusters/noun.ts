import type { Noun } from '../verb.ts'
import { describeCluster } from './describe.ts'
import { listClusters } from './list.ts'
import { registerCluster } from './register.ts'
import { removeCluster } from './remove.ts'
import { updateCluster } from './update.ts'

export const clusters: Noun = {
  name: 'clusters',
  summary: 'Clusters that ask the gate',
  verbs: [registerCluster, listClusters, describeCluster, updateCluster, removeCluster],
}
