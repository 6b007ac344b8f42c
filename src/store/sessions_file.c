/*
 * The life of sessions.db. It is written without waiting for the disk, so what
 * it holds after the machine went down is worth nothing and may not even be
 * readable: it is replaced then. Its id is new each time, and challenges are
 * bound to that id (the broker derives their key from it), so that no challenge
 * from before can be used once more because its row was lost.
 */
#include "store/file.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_MS = 5000 };

void
wd_db_unlockp(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* opened for a lock or for reading */
}

/*
 * What the kernel calls this run of the machine; none where it does not say,
 * which then compares equal with itself.
 */
static struct wd_id
boot_id(void)
{
	WD_AUTO(wd_db_unlockp)
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	uint8_t text[WD_ID_LEN];
	struct wd_id id = { { 0 } };

	if (fd >= 0 && read(fd, text, sizeof(text)) == sizeof(text))
		(void)wd_id_parse(WD_SPAN(text), &id); /* none when it fails */
	return id;
}

int
wd_db_lock_folder(const char *dir, int *ret_fd, struct wd_diag *d)
{
	int64_t until = wd_time_mono_ms() + LOCK_MS;
	struct timespec pause = { 0, 5000000 };
	WD_AUTO(wd_db_unlockp) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return wd_fault_errno(d, "%s", dir);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return wd_fault_errno(d, "lock of the state folder");
		if (wd_time_mono_ms() > until)
			return wd_fault(d, WD_F_TIMEOUT,
			    "another process keeps the state folder locked");
		(void)nanosleep(&pause, NULL); /* shorter is fine */
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int
new_id(struct wd_id *ret, struct wd_diag *d)
{
	uint8_t random[16];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return wd_fault_errno(d, "getrandom");
	*ret = wd_id_from_random(random);
	return 0;
}

static int
fill(sqlite3 *db, const struct wd_id *store_id, struct wd_diag *d)
{
	struct wd_id boot = boot_id();
	struct wd_id own = { { 0 } };
	int r;

	if ((r = new_id(&own, d)) != 0 ||
	    (r = wd_db_meta_put(db, "store", store_id, d)) != 0 ||
	    (r = wd_db_meta_put(db, "sessions", &own, d)) != 0 ||
	    (r = wd_db_meta_put(db, "boot", &boot, d)) != 0)
		return r;
	return wd_db_exec(db, "COMMIT", d);
}

int
wd_sessions_make(
    const char *dir, const struct wd_id *store_id, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	int r;

	if ((r = wd_db_make(dir, WD_DB_SESSIONS, &db, d)) != 0)
		return r;
	if ((r = fill(db, store_id, d)) != 0) {
		wd_db_closep(&db);
		wd_db_remove(dir, WD_DB_SESSIONS);
	}
	return r;
}

static bool
is_of_this_run(sqlite3 *db)
{
	struct wd_id now = boot_id();
	struct wd_id then = { { 0 } };

	/* One that cannot be read is of another run. */
	if (wd_db_meta_get(db, "boot", &then, NULL) != 0)
		return wd_id_is_none(&now);
	return wd_span_equal(wd_id_span(&now), wd_id_span(&then));
}

struct ids {
	struct wd_id store, sessions;
};

/* Connects and reads both ids. WD_R_NOT_FOUND: of an earlier run. */
static int
look(const char *dir, sqlite3 **ret, struct ids *ids, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	int r = wd_db_connect(dir, WD_DB_SESSIONS, &db, d);

	if (r != 0)
		return r;
	if (!is_of_this_run(db))
		return WD_R_NOT_FOUND;
	if ((r = wd_db_meta_get(db, "store", &ids->store, d)) != 0 ||
	    (r = wd_db_meta_get(db, "sessions", &ids->sessions, d)) != 0)
		return r;
	*ret = WD_TAKE(db);
	return 0;
}

/* Absent, damaged or from before the last start. A fault that may pass, or a
 * newer format, is no reason to throw sessions away. */
static bool
is_worthless(int r)
{
	return r == WD_R_NOT_INITIALIZED || r == WD_R_TAMPERED ||
	    r == WD_R_NOT_FOUND;
}

int
wd_sessions_connect(const char *dir, const struct wd_id *store_id,
    sqlite3 **ret, struct wd_id *ret_sessions_id, struct wd_diag *d)
{
	WD_AUTO(wd_db_unlockp) int lock = -1;
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	struct ids ids = { 0 };
	struct wd_diag first = { 0 };
	int r;

	if ((r = wd_db_lock_folder(dir, &lock, d)) != 0)
		return r;
	r = look(dir, &db, &ids, &first);
	if (is_worthless(r)) {
		wd_db_remove(dir, WD_DB_SESSIONS);
		if ((r = wd_sessions_make(dir, store_id, d)) != 0)
			return r;
		wd_diag_clear(&first);
		r = look(dir, &db, &ids, &first);
	}
	if (r != 0) {
		*d = first;
		return r;
	}
	if (!wd_span_equal(wd_id_span(&ids.store), wd_id_span(store_id)))
		return wd_reject(
		    d, WD_R_TAMPERED, "sessions.db belongs to another store");
	*ret = WD_TAKE(db);
	*ret_sessions_id = ids.sessions;
	return 0;
}
