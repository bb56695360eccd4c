import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import {
  Metadata,
  Server,
  ServerInterceptingCall,
  type sendUnaryData,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { ServedService } from '@countersign/api/rest/service-implementation.ts'
import { STATUS_TABLE, statusOf } from '@countersign/api/rest/status-table.ts'
import { cutWarnings, WARNINGS_HEADER } from '@countersign/api/rest/warnings.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { CallContext } from '../api/call-context.ts'
import type { Authenticate } from './authentication.ts'
import { makeByteBudget, type Share } from './byte-budget.ts'
import type { AnsweredRequest } from './http-door.ts'

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024
/** Of one connection at one time: what it may make us hold is this many messages. */
const MAX_STREAMS = 100

export interface GrpcDoorOptions {
  readonly services: readonly ServedService<CallContext>[]
  readonly authenticate: Authenticate
  readonly onAnswer: (answer: AnsweredRequest) => void
}

/** Makes the gRPC side of the API port from the same descriptors and implementations as REST. It listens to nothing by itself. */
export function makeGrpcDoor(options: GrpcDoorOptions): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.max_connection_idle_ms': 10 * 60_000,
    interceptors: [refuseStrangers(options)],
  })
  const openShare = makeByteBudget()
  for (const served of options.services) server.addService(defineService(served), implementService(served, { ...options, openShare }))
  return server
}

/**
 * Authenticates by the headers before anything of the message is read: HTTP/2's flow control then lets a stranger send 64 KiB
 * and no more. The call itself authenticates again, because its message may come long after, when the token is revoked.
 */
function refuseStrangers({ authenticate, onAnswer }: GrpcDoorOptions): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, read) => {
            authenticate(authorizationOf(metadata)).then(
              () => read(metadata),
              (thrown: unknown) => {
                const error = statusOf(thrown)
                const code = STATUS_TABLE[error.code].number
                call.sendStatus({ code, details: error.message })
                onAnswer({ method: 'gRPC', rpc: path.slice(1).replace('/', '.'), status: code, principal: undefined, error })
              },
            )
          },
        }),
    })
}

/** grpc-js' description of a service, with protobuf-es' codecs. Only unary methods: no service that we serve has others. */
function defineService({ service }: ServedService<CallContext>): ServiceDefinition {
  const methods = service.methods.map((method) => [
    method.localName,
    {
      path: `/${service.typeName}/${method.name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Message) => Buffer.from(toBinary(method.input, message)),
      requestDeserialize: (bytes: Buffer) => decode(method, bytes),
      responseSerialize: (message: Message) => Buffer.from(toBinary(method.output, message)),
      responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
    },
  ])
  return Object.fromEntries(methods) as ServiceDefinition
}

type Decoded = { readonly bytes: number } & ({ readonly message: Message } | { readonly error: StatusError })

/** What the messages of all calls hold together is bounded, from when they are whole until they are answered. */
type Answering = GrpcDoorOptions & { readonly openShare: () => Share }

/** Bytes that are no such message are the caller's mistake, told as such, not an internal error. */
function decode(method: DescMethod, bytes: Buffer): Decoded {
  try {
    return { bytes: bytes.length, message: fromBinary(method.input, bytes) }
  } catch (cause) {
    return { bytes: bytes.length, error: new StatusError('INVALID_ARGUMENT', `Request is not a valid ${method.input.typeName}`, { cause }) }
  }
}

function implementService(served: ServedService<CallContext>, options: Answering): UntypedServiceImplementation {
  const handlers = served.service.methods.map((method) => [
    method.localName,
    (call: ServerUnaryCall<Decoded, Message>, callback: sendUnaryData<Message>) => void answer({ served, method, options }, call, callback),
  ])
  return Object.fromEntries(handlers) as UntypedServiceImplementation
}

interface Route {
  readonly served: ServedService<CallContext>
  readonly method: DescMethod
  readonly options: Answering
}

async function answer({ served, method, options }: Route, call: ServerUnaryCall<Decoded, Message>, callback: sendUnaryData<Message>): Promise<void> {
  const told = { method: 'gRPC', rpc: `${served.service.typeName}.${method.name}` }
  const share = options.openShare()
  let principal: string | undefined
  try {
    share.hold(call.request.bytes)
    const caller = await options.authenticate(authorizationOf(call.metadata))
    principal = caller.principal
    if ('error' in call.request) throw call.request.error
    const warnings: string[] = []
    const message = await served.call(method, call.request.message, { caller, warnings })
    callback(null, message, trailersOf(warnings))
    options.onAnswer({ ...told, status: 0, principal, error: undefined })
  } catch (thrown) {
    const error = statusOf(thrown)
    const code = STATUS_TABLE[error.code].number
    callback({ code, details: error.message })
    options.onAnswer({ ...told, status: code, principal, error })
  } finally {
    share.release()
  }
}

function authorizationOf(metadata: Metadata): string | undefined {
  const value = metadata.get('authorization')[0]
  return typeof value === 'string' ? value : undefined
}

function trailersOf(warnings: readonly string[]): Metadata {
  const trailers = new Metadata()
  for (const warning of cutWarnings(warnings)) trailers.add(`${WARNINGS_HEADER}-bin`, Buffer.from(warning))
  return trailers
}
