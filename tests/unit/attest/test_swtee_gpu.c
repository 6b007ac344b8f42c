/*
 * GPUs of the software TEE before the verifier.
 */
#include "lib/t.h"

#include "attest/swtee_gpu.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/warder-swtee-gpu-XXXXXX";
static int dir = -1, collateral = -1;
static struct wd_diag diag;

static int
setup(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t_ok(mkdirat(dir, "collateral", 0755));
	collateral =
	    openat(dir, "collateral", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0 && collateral >= 0);
	return 0;
}

static void
empty(int fd)
{
	DIR *all = fdopendir(fd);
	struct dirent *e;

	while (all != NULL && (e = readdir(all)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(all), e->d_name, 0);
	(void)closedir(all);
}

static int
teardown(void **state)
{
	(void)state;
	empty(collateral);
	(void)unlinkat(dir, "collateral", AT_REMOVEDIR);
	empty(dir);
	(void)rmdir(path);
	return 0;
}

static int
judge(const struct wd_swtee_gpu *t, const struct wd_swtee_gpu_claim *c,
    struct wd_claims *ret)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr chain = wd_wr_growing(16384);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *evidence = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *root = NULL, *product = NULL;
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules = {
		.anchors = &anchor, .n_anchors = 1, .need_gpu_crl = true
	};
	struct wd_inputs in = { 0 };

	t_ok(wd_swtee_gpu_anchor(t, &anchor));
	t_ok(wd_verifier_new(&rules, &v));
	t_ok(wd_swtee_gpu_evidence(t, c, &evidence, &diag));
	t_ok(wd_swtee_gpu_collateral(t, collateral, &diag));
	wd_swtee_gpu_chain(t, &chain);
	t_ok(wd_wr_end(&chain));
	t_ok(wd_file_read(collateral, "gpu_root_crl.der", 4096, &root, &diag));
	t_ok(wd_file_read(collateral, "gpu_crl.der", 4096, &product, &diag));
	in.part[WD_IN_EVIDENCE] = wd_bytes_span(evidence);
	in.part[WD_IN_CERT_CHAIN] = wd_wr_span(&chain);
	in.part[WD_IN_GPU_ROOT_CRL] = wd_bytes_span(root);
	in.part[WD_IN_GPU_CRL] = wd_bytes_span(product);
	return wd_appraise(
	    v, WD_TEE_NVIDIA, &in, wd_time_now(), WD_SPAN(c->nonce), ret, NULL);
}

static void
its_evidence_is_judged_as_software(void **state)
{
	WD_AUTO(wd_swtee_gpu_done) struct wd_swtee_gpu t = { 0 };
	const struct wd_swtee_gpu_claim c = { .nonce = { 1, 2, 3 },
		.driver = "600.01" };
	struct wd_claims claims;
	struct wd_span s;

	(void)state;
	t_ok(wd_swtee_gpu_open(dir, 0, &t, &diag));
	t_ok(judge(&t, &c, &claims));
	assert_true(wd_claims_bool(&claims, WD_C_SOFTWARE));
	assert_true(wd_claims_get(&claims, WD_C_GPU_DRIVER_VERSION, &s));
	assert_true(wd_span_is(s, "600.01"));
	assert_true(wd_claims_get(&claims, WD_C_GPU_ARCHITECTURE, &s));
	assert_true(wd_span_is(s, "HOPPER"));
}

/* The same maker, the same GPU again, and another one. */
static void
a_folder_has_one_maker_and_many_gpus(void **state)
{
	const struct wd_swtee_gpu_claim c = { .nonce = { 9 } };
	struct wd_claims claims[3];
	struct wd_span id[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		WD_AUTO(wd_swtee_gpu_done) struct wd_swtee_gpu t = { 0 };

		t_ok(wd_swtee_gpu_open(dir, i == 2 ? 7 : 0, &t, &diag));
		assert_false(t.fresh);
		t_ok(judge(&t, &c, &claims[i]));
		assert_true(
		    wd_claims_get(&claims[i], WD_C_PLATFORM_ID, &id[i]));
	}
	t_span_equal(id[0], id[1]);
	assert_false(wd_span_equal(id[0], id[2]));
}

static void
a_driver_has_a_length(void **state)
{
	WD_AUTO(wd_swtee_gpu_done) struct wd_swtee_gpu t = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	const struct wd_swtee_gpu_claim c = {
		.driver = "123456789012345678901234567890123"
	};

	(void)state;
	t_ok(wd_swtee_gpu_open(dir, 0, &t, &diag));
	assert_int_equal(wd_swtee_gpu_evidence(&t, &c, &b, &diag), WD_R_RANGE);
	assert_null(b);
}

static void
any_allocation_that_fails_is_a_fault(void **state)
{
	bool fired = true;

	(void)state;
	for (uint64_t k = 1; fired; k += 7) {
		struct wd_swtee_gpu t = { .fresh = true };
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_swtee_gpu_open(dir, 0, &t, &diag);
		fired = wd_alloc_fail_at(0) != 0;
		if (fired && r != 0) {
			assert_true(r < 0);
			assert_null(t.key[0]);
		} else {
			t_ok(r);
			wd_swtee_gpu_done(&t);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_evidence_is_judged_as_software),
		cmocka_unit_test(a_folder_has_one_maker_and_many_gpus),
		cmocka_unit_test(a_driver_has_a_length),
		cmocka_unit_test(any_allocation_that_fails_is_a_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
