import { describe, expect, it } from 'vitest';
import { ME, mail, microsoftFor } from '../testing/microsoft.ts';

const { running, graph, direct } = microsoftFor('file');

describe('folders', () => {
  it('are listed without the hidden ones, ten to a page, and found by well-known name', async () => {
    const { body } = await graph('/me/mailFolders?$top=100');
    const names = body.value.map(({ displayName }: { displayName: string }) => displayName);
    expect(names).toEqual(
      expect.arrayContaining(['Inbox', 'Archive', 'Sent Items', 'Drafts', 'Deleted Items', 'Junk Email']),
    );
    expect(names).not.toContain('Clutter');
    expect((await graph('/me/mailFolders?includeHiddenFolders=true&$top=100')).body.value.length).toBeGreaterThan(
      names.length,
    );
    const inbox = await graph("/me/mailFolders('Inbox')");
    expect(inbox.body).toMatchObject({
      displayName: 'Inbox',
      parentFolderId: (await graph('/me/mailFolders/msgfolderroot')).body.id,
    });
    expect(inbox.body).not.toHaveProperty('wellKnownName');
    expect((await graph('/me/mailFolders?$top=2')).body['@odata.nextLink']).toContain('$skip=2');
  });

  it('can be created, renamed, filled and deleted, except the well-known ones', async () => {
    const made = await graph('/me/mailFolders', { method: 'POST', body: { displayName: 'Projects' } });
    expect(made.status).toBe(201);
    const child = await graph(`/me/mailFolders/${made.body.id}/childFolders`, {
      method: 'POST',
      body: { displayName: 'Alpha' },
    });
    expect((await graph(`/me/mailFolders/${made.body.id}/childFolders`)).body.value[0]?.id).toBe(child.body.id);
    expect(
      (await direct('/me/mailFolders', { method: 'POST', body: { displayName: 'projects' } })).body.error.code,
    ).toBe('ErrorFolderExists');
    const renamed = await graph(`/me/mailFolders/${made.body.id}`, { method: 'PATCH', body: { displayName: 'Plans' } });
    expect(renamed.body.displayName).toBe('Plans');
    const id = running().emulator.deliver(ME, mail());
    await graph(`/me/messages/${id}/move`, { method: 'POST', body: { destinationId: made.body.id } });
    expect((await graph(`/me/mailFolders/${made.body.id}`)).body).toMatchObject({
      totalItemCount: 1,
      unreadItemCount: 1,
      childFolderCount: 1,
    });
    expect((await graph(`/me/mailFolders/${made.body.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await graph('/me/mailFolders/deleteditems/childFolders')).body.value[0]?.displayName).toBe('Plans');
    expect((await direct('/me/mailFolders/inbox', { method: 'DELETE' })).status).toBe(403);
  });
});
