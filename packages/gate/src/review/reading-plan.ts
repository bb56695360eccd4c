import { IMAGE_FIELDS } from '@countersign/core/workload/images.ts'
import { POD_PATHS } from '@countersign/core/workload/pod.ts'
import { BREAK_GLASS_ANNOTATION, BREAK_GLASS_LABEL } from '@countersign/core/workload/scope.ts'
import { planByKind, planItems, planMembers, type ReadingPlan } from './selective-json.ts'

type Members = Readonly<Record<string, ReadingPlan>>

/*
 * What of a review is built: exactly the members that the readers beside this file and the law's own (core/workload) look
 * at. Everything else (environment, probes, managed fields …) is checked and passed over. `reading-plan.test.ts` watches
 * the readers, so that one who reads a further member learns here of it. An object of a kind without a known place for its
 * Pod is built whole.
 */

/** Of an object's metadata, its names; of a Pod's, the marks that break the glass. */
const NAMES: Members = { namespace: 'WHOLE', name: 'WHOLE', generateName: 'WHOLE' }
const MARKS: Members = {
  labels: planMembers({ [BREAK_GLASS_LABEL]: 'WHOLE' }),
  annotations: planMembers({ [BREAK_GLASS_ANNOTATION]: 'WHOLE' }),
}

const POD_SPEC = planMembers({
  ...Object.fromEntries(IMAGE_FIELDS.map(({ list, steps }) => [list, planItems(planMembers({ name: 'WHOLE', ...nest(steps) }))])),
  serviceAccountName: 'WHOLE',
  serviceAccount: 'WHOLE',
})

const KINDS: ReadonlyMap<string, ReturnType<typeof planMembers>> = new Map(
  Object.entries(POD_PATHS).flatMap(([group, kinds]) => Object.entries(kinds).map(([kind, path]) => [`${group}/${kind}`, planKind(path)] as const)),
)

const OBJECT = planByKind((apiVersion, kind) => {
  const slash = apiVersion.indexOf('/')
  return KINDS.get(`${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`) ?? 'WHOLE'
})

/** The plan for a body: an AdmissionReview or an ImageReview. */
export const REVIEW_PLAN: ReadingPlan = planMembers({
  kind: 'WHOLE',
  apiVersion: 'WHOLE',
  spec: 'WHOLE',
  request: planMembers({
    uid: 'WHOLE',
    kind: planMembers({ group: 'WHOLE', version: 'WHOLE', kind: 'WHOLE' }),
    resource: planMembers({ group: 'WHOLE', version: 'WHOLE', resource: 'WHOLE' }),
    subResource: 'WHOLE',
    name: 'WHOLE',
    namespace: 'WHOLE',
    operation: 'WHOLE',
    userInfo: planMembers({ username: 'WHOLE' }),
    object: OBJECT,
    oldObject: OBJECT,
    dryRun: 'WHOLE',
  }),
})

function planKind(path: readonly string[]) {
  const own: Members = { apiVersion: 'WHOLE', kind: 'WHOLE' }
  if (path.length === 0) return planMembers({ ...own, metadata: planMembers({ ...NAMES, ...MARKS }), spec: POD_SPEC })
  const holder = planMembers({ metadata: planMembers(MARKS), spec: POD_SPEC })
  return planMembers({ ...own, metadata: planMembers(NAMES), ...nest(path, holder) })
}

/** `['a', 'b']` as the plan of an object with a member `a` with a member `b`. */
function nest(steps: readonly string[], inner: ReadingPlan = 'WHOLE'): Members {
  const [first, ...rest] = steps
  if (first === undefined) throw new Error('A path of a reading plan has at least one step')
  return { [first]: rest.length === 0 ? inner : planMembers(nest(rest, inner)) }
}
