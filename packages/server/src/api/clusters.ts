import type { MessageInitShape } from '@bufbuild/protobuf'
import { type ClusterSchema, type ClusterSettings, Clusters as ClustersService } from '@countersign/api/gen/countersign/v1/clusters_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { Clusters, ClusterView, GivenSettings } from '@countersign/service/registration/clusters.ts'
import { clusterEtag } from '@countersign/service/registration/cluster-etag.ts'
import type { CallContext } from './call-context.ts'
import { toTimestamp } from './time.ts'

/** Where clusters reach the gate: known once its door is open. */
export interface WebhookAddress {
  /** `https://gate.example:8443`, without a path. */
  readonly url: string
  /** PEM of every authority that may have signed the webhook's certificate. */
  readonly caBundle: string
}

/** `countersign.v1.Clusters` over the registration flow. */
export function serveClusters(clusters: Clusters, webhook: () => WebhookAddress): ServedService<CallContext> {
  const format = (cluster: ClusterView): MessageInitShape<typeof ClusterSchema> => formatCluster(cluster, webhook())
  return serve(ClustersService, {
    registerCluster: async ({ parent, cluster }, { caller }) => {
      const trustDomain = cluster?.trustDomain ?? ''
      const settings = readSettings(cluster?.settings)
      const request = { key: cluster?.key ?? '', settings, ...(trustDomain === '' ? {} : { trustDomain }) }
      return format(await clusters.registerCluster(caller, segmentOf(parent, 1), request))
    },
    listClusters: async ({ parent, ...asked }, { caller }) => {
      const { clusters: found, nextPageToken } = await clusters.listClusters(caller, segmentOf(parent, 1), asked)
      return { clusters: found.map(format), nextPageToken }
    },
    getCluster: async ({ name }, { caller }) => format(await clusters.getCluster(caller, segmentOf(name, 1), segmentOf(name, 3))),
    updateCluster: async ({ cluster }, { caller }) => {
      const name = cluster?.name ?? ''
      const version = { projectId: segmentOf(name, 1), key: segmentOf(name, 3), etag: cluster?.etag ?? '' }
      return format(await clusters.updateCluster(caller, version, readSettings(cluster?.settings)))
    },
    removeCluster: async ({ name }, { caller }) => {
      await clusters.removeCluster(caller, segmentOf(name, 1), segmentOf(name, 3))
      return {}
    },
  })
}

/** Settings that are not sent are those that nobody chose otherwise. */
function readSettings(settings: ClusterSettings | undefined): GivenSettings {
  const { workloads = '', imagePaths = [], knative = false, pinTags = false } = settings ?? {}
  return { workloads, imagePaths, knative, pinTags }
}

function segmentOf(name: string, index: number): string {
  return name.split('/')[index] ?? ''
}

function formatCluster(cluster: ClusterView, webhook: WebhookAddress): MessageInitShape<typeof ClusterSchema> {
  const { project, key, trustDomain, uid, createTime, segment, settings } = cluster
  const webhookUrl = segment === undefined ? '' : `${webhook.url}/v1/webhook/${segment}`
  return {
    name: `projects/${project}/clusters/${key}`,
    key,
    trustDomain,
    uid,
    webhookUrl,
    caBundle: webhook.caBundle,
    createTime: toTimestamp(createTime),
    settings: { ...settings, imagePaths: [...settings.imagePaths] },
    etag: clusterEtag(cluster),
  }
}
