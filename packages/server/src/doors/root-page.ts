/** What the root page and the start-up banner tell. */
export interface Welcome {
  readonly version: string
  readonly apiUrl: string
  readonly webhookUrl: string
  /** Where the first admin token lies; a page never shows the token itself. */
  readonly adminTokenFile: string
  readonly dataFolder: string
  /** Settings with which the hand tool finds this server from the folder where it was started; none where it does so by itself. */
  readonly clientSettings: readonly string[]
}

/** The next three commands of a person who just started the server. */
function nextCommands(welcome: Welcome): readonly { readonly command: string; readonly explanation: string }[] {
  const server = welcome.clientSettings.map((setting) => `${setting} `).join('')
  return [
    {
      command: `${server}npx countersign projects create my-project`,
      explanation: 'make a project; nothing is decided for a name that nobody created',
    },
    {
      command: `${server}npx countersign clusters register us-central1-a.prod --project my-project`,
      explanation: 'print the webhook URL and CA bundle for a cluster',
    },
    {
      command: `${server}npx countersign policy export --project my-project`,
      explanation: 'see the policy that now holds; edit it, then `policy import`',
    },
  ]
}

/** The banner that `serve` prints once every door answers. */
export function formatBanner(welcome: Welcome): string {
  const commands = nextCommands(welcome).flatMap(({ command, explanation }) => [`  # ${explanation}`, `  ${command}`])
  return [
    `Countersign ${welcome.version} is ready.`,
    '',
    `  API               ${welcome.apiUrl}`,
    `  Webhook           ${welcome.webhookUrl}`,
    `  Admin token       ${welcome.adminTokenFile}`,
    `  Data              ${welcome.dataFolder}`,
    '',
    'Next:',
    ...commands,
    '',
  ].join('\n')
}

/** Headers of every page: no script, no style but our own file, no framing (strict content-security policy). */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** The root page, for a browser: the same as the banner. */
export function formatRootPage(welcome: Welcome): string {
  const commands = nextCommands(welcome).map(({ command, explanation }) => `<li>${escapeHtml(explanation)}<pre>${escapeHtml(command)}</pre></li>`)
  const rows = [
    ['API', welcome.apiUrl],
    ['Webhook', welcome.webhookUrl],
    ['Admin token', welcome.adminTokenFile],
    ['Data', welcome.dataFolder],
  ].map(([term, value]) => `<dt>${term}</dt><dd><code>${escapeHtml(value ?? '')}</code></dd>`)
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Countersign</title><link rel="stylesheet" href="/page.css"></head>
<body><main>
<h1>Countersign</h1>
<p>Version ${escapeHtml(welcome.version)} is ready: only container images that trusted parties have vouched for may run.</p>
<dl>${rows.join('')}</dl>
<h2>Next</h2>
<ol>${commands.join('')}</ol>
</main></body>
</html>
`
}

export const PAGE_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 3rem auto; padding: 0 1.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; border-radius: .5rem; }
`

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
