import { CreditCard, Landmark } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '#app/components/badge.tsx'
import { BillingButton } from '#app/components/standing-notices.tsx'
import type { AddressShown, BillingDetailsView, PaymentMethodShown } from './billing-details-view.ts'

const UNAVAILABLE = 'Could not be read right now. Reload the page to try again.'

/** What the plan is charged to. */
export function PaymentMethodCard({ method }: { method: BillingDetailsView['method'] }) {
  return (
    <Card id="method" title="Payment method">
      {method.state === 'known' ? <Method {...method} /> : null}
      {method.state === 'none' ? (
        <Quiet>
          {method.canAdd
            ? 'No payment method. Add one to pay for a plan that renews.'
            : 'No payment method yet. You add one at checkout.'}
        </Quiet>
      ) : null}
      {method.state === 'unavailable' ? <Quiet>{UNAVAILABLE}</Quiet> : null}
      {method.state === 'none' && !method.canAdd ? null : (
        <Way intent="update-card">
          {method.state === 'none'
            ? 'Add card'
            : method.state === 'known' && !method.isCard
              ? 'Update payment method'
              : 'Update card'}
        </Way>
      )}
    </Card>
  )
}

function Method({ name, last4, isCard, expires, warning }: PaymentMethodShown) {
  const Icon = isCard ? CreditCard : Landmark
  return (
    <div className="grid gap-1">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Icon aria-hidden size={20} strokeWidth={1.75} className="flex-none" />
        <span className="font-semibold">{name}</span>
        {last4 ? (
          <span className="whitespace-nowrap">
            <span aria-hidden>•••• </span>
            <span className="sr-only"> ending in </span>
            {last4}
          </span>
        ) : null}
        {warning ? <Badge tone={warning.tone}>{warning.badge}</Badge> : null}
      </p>
      {expires ? <p className="text-table text-ink-2">{expires}</p> : null}
      {warning?.text ? <p className="text-table">{warning.text}</p> : null}
    </div>
  )
}

/** The address on invoices. */
export function BillingAddressCard({ address }: { address: BillingDetailsView['address'] }) {
  return (
    <Card id="address" title="Billing address">
      {address.state === 'known' ? <Address {...address} /> : null}
      {address.state === 'none' ? (
        <Quiet>
          {address.canAdd
            ? 'No billing address. Add one to have it on your invoices.'
            : 'No billing address yet. You enter it at checkout.'}
        </Quiet>
      ) : null}
      {address.state === 'unavailable' ? <Quiet>{UNAVAILABLE}</Quiet> : null}
      {address.state === 'none' && !address.canAdd ? null : (
        <Way intent="portal">{address.state === 'none' ? 'Add billing address' : 'Edit billing address'}</Way>
      )}
    </Card>
  )
}

function Address({ name, lines, taxIds }: AddressShown) {
  return (
    <div className="grid gap-2 text-table">
      <address className="not-italic">
        {[...(name ? [name] : []), ...lines].map((line, index) => (
          <span key={index} className={index === 0 ? 'block font-semibold' : 'block'}>
            {line}
          </span>
        ))}
      </address>
      <dl>
        {taxIds.length > 0 ? (
          taxIds.map((taxId) => (
            <div key={taxId.value} className="flex flex-wrap gap-x-2">
              <dt className="text-ink-2">{taxId.name}</dt>
              <dd className="font-medium">{taxId.value}</dd>
            </div>
          ))
        ) : (
          <div className="flex flex-wrap gap-x-2">
            <dt className="text-ink-2">Tax ID</dt>
            <dd className="text-ink-2">None</dd>
          </div>
        )}
      </dl>
    </div>
  )
}

/** A card beside the plan's; its button is at its foot. */
function Card({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section
      aria-labelledby={id}
      className="flex flex-col items-start gap-3 rounded-sheet border border-rule bg-sheet p-6"
    >
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}

const Quiet = ({ children }: { children: ReactNode }) => <p className="text-table text-ink-2">{children}</p>

const Way = ({ intent, children }: { intent: string; children: ReactNode }) => (
  <div className="mt-auto pt-2">
    <BillingButton intent={intent}>{children}</BillingButton>
  </div>
)
