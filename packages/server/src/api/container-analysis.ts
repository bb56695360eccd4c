import { enumFromJson } from '@bufbuild/protobuf'
import { ContainerAnalysis } from '@countersign/api/gen/google/devtools/containeranalysis/v1/containeranalysis_pb.ts'
import { SeveritySchema } from '@countersign/api/gen/grafeas/v1/severity_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { SeverityCount } from '@countersign/service/metadata/summary.ts'
import type { CallContext } from './call-context.ts'
import type { Metadata } from './metadata.ts'

/** `google.devtools.containeranalysis.v1.ContainerAnalysis`: the summary of vulnerabilities, which v1 has beside Grafeas. */
export function serveContainerAnalysis({ summarize }: Pick<Metadata, 'summarize'>): ServedService<CallContext> {
  return serve(ContainerAnalysis, {
    getVulnerabilityOccurrencesSummary: async ({ parent, filter }, { caller }) => {
      const counts = await summarize(caller, parent, filter)
      return { counts: counts.map(writeCount) }
    },
    setIamPolicy: () => refuse('IAM policies of notes and occurrences', 'a token that names its notes'),
    getIamPolicy: () => refuse('IAM policies of notes and occurrences', 'a token that names its notes'),
    testIamPermissions: () => refuse('IAM policies of notes and occurrences', 'a token that names its notes'),
    exportSBOM: () => refuse('Exports of SBOMs', 'an SBOM_REFERENCE occurrence that tells where one is'),
  })
}

function writeCount({ resourceUri, severity, fixableCount, totalCount }: SeverityCount) {
  return { resourceUri, severity: enumFromJson(SeveritySchema, severity), fixableCount: BigInt(fixableCount), totalCount: BigInt(totalCount) }
}

async function refuse(what: string, expected: string): Promise<never> {
  throw new StatusError('UNIMPLEMENTED', `${what} are not served, expected ${expected}`)
}
