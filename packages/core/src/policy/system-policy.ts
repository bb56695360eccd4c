import type { Policy } from './policy.ts'

/** Where Kubernetes publishes its own images: the present host, and the frozen one that old clusters still name. */
const REGISTRIES = ['registry.k8s.io', 'k8s.gcr.io']

/**
 * Repositories of Kubernetes' own parts and of the add-ons that run in kube-system. Each is named exactly: a wildcard over
 * a project would trust whatever its owner pushes there tomorrow.
 */
const REPOSITORIES = [
  'addon-manager/kube-addon-manager',
  'autoscaling/addon-resizer',
  'autoscaling/cluster-autoscaler',
  'autoscaling/vpa-admission-controller',
  'autoscaling/vpa-recommender',
  'autoscaling/vpa-updater',
  'cloud-controller-manager',
  'coredns',
  'coredns/coredns',
  'cpa/cluster-proportional-autoscaler',
  'cpa/cluster-proportional-vertical-autoscaler',
  'dns/k8s-dns-dnsmasq-nanny',
  'dns/k8s-dns-kube-dns',
  'dns/k8s-dns-node-cache',
  'dns/k8s-dns-sidecar',
  'etcd',
  'kas-network-proxy/proxy-agent',
  'kas-network-proxy/proxy-server',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'metrics-server/metrics-server',
  'node-problem-detector/node-problem-detector',
  'pause',
  'sig-storage/csi-attacher',
  'sig-storage/csi-external-health-monitor-controller',
  'sig-storage/csi-node-driver-registrar',
  'sig-storage/csi-provisioner',
  'sig-storage/csi-resizer',
  'sig-storage/csi-snapshotter',
  'sig-storage/livenessprobe',
  'sig-storage/snapshot-controller',
]

/**
 * The system policy (binary-authorization.md §1.6): where a policy enables it, these images run in kube-system, and there
 * alone, without being judged. `:*` and `@*` together are any tag and any digest of exactly that repository. Its default
 * rule is never asked; it denies, so that a reader who asks it anyway admits nothing.
 */
export const SYSTEM_POLICY: Policy = {
  description: "Kubernetes' own images",
  globalPolicyEvaluationMode: 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED',
  admissionWhitelistPatterns: REGISTRIES.flatMap((registry) =>
    REPOSITORIES.flatMap((repository) => [':*', '@*'].map((suffix) => ({ namePattern: `${registry}/${repository}${suffix}` }))),
  ),
  clusterAdmissionRules: {},
  kubernetesNamespaceAdmissionRules: {},
  kubernetesServiceAccountAdmissionRules: {},
  istioServiceIdentityAdmissionRules: {},
  defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', requireAttestationsBy: [], enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' },
}
