import { loadClient, missingClients } from './clients.ts'
import { type GrafeasMethods, testGrafeas } from './grafeas-contract.ts'
import { channelOptions, ENCRYPTED, GRPC_CODES } from './grpc-channel.ts'
import { getGeneration } from './shapes.ts'

interface ContainerAnalysis {
  readonly ContainerAnalysisClient: new (options: object) => { readonly getGrafeasClient: () => GrafeasMethods }
  readonly v1beta1: { readonly GrafeasV1Beta1Client: new (options: object) => GrafeasMethods }
}

const OVER_GRPC = { skip: missingClients('@google-cloud/containeranalysis', '@grpc/grpc-js'), server: ENCRYPTED, codes: GRPC_CODES }

testGrafeas({
  ...OVER_GRPC,
  title: 'containeranalysis v1, gRPC',
  generation: getGeneration('v1'),
  open: async (server, token) => {
    const { ContainerAnalysisClient } = await loadClient<ContainerAnalysis>('@google-cloud/containeranalysis')
    return new ContainerAnalysisClient(await channelOptions(server, token)).getGrafeasClient()
  },
})

testGrafeas({
  ...OVER_GRPC,
  title: 'containeranalysis v1beta1, gRPC',
  generation: getGeneration('v1beta1'),
  open: async (server, token) => {
    const { v1beta1 } = await loadClient<ContainerAnalysis>('@google-cloud/containeranalysis')
    return new v1beta1.GrafeasV1Beta1Client(await channelOptions(server, token))
  },
})

testGrafeas({
  title: 'containeranalysis v1beta1, REST',
  skip: missingClients('@google-cloud/containeranalysis'),
  generation: getGeneration('v1beta1'),
  // The client makes its codes of those of HTTP, and of two that are 409 it takes the other: ABORTED.
  codes: { ...GRPC_CODES, ALREADY_EXISTS: 10 },
  open: async ({ port }, token) => {
    const { v1beta1 } = await loadClient<ContainerAnalysis>('@google-cloud/containeranalysis')
    // Its generation of the transport reads headers as a plain object, which today's auth library no longer gives.
    const authClient = { getRequestHeaders: async () => (token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    return new v1beta1.GrafeasV1Beta1Client({ fallback: true, protocol: 'http', apiEndpoint: 'localhost', port, authClient })
  },
})
