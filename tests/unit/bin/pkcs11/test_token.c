/*
 * The module by the book: what each function answers, the wrong calls included.
 */
#include "t_token.h"

static const char *module;

#define OK(expression) assert_int_equal((expression), CKR_OK)

static void
before_the_start_nothing_works(void **state)
{
	struct ck_info info;
	ck_session_handle_t s;

	(void)state;
	assert_int_equal(t.f->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(
	    t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s),
	    CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(t.f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(
	    t.f->C_EncryptInit(1, NULL, 1), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static ck_rv_t
no_mutex(void *mutex)
{
	(void)mutex;
	return CKR_OK;
}

static void
start_takes_all_mutex_functions_or_none(void **state)
{
	struct ck_c_initialize_args args = { .lock_mutex = no_mutex };

	(void)state;
	assert_int_equal(t.f->C_Initialize(&args), CKR_ARGUMENTS_BAD);
	args = (struct ck_c_initialize_args){ .reserved = &args };
	assert_int_equal(t.f->C_Initialize(&args), CKR_ARGUMENTS_BAD);
	args = (struct ck_c_initialize_args){ .flags = CKF_OS_LOCKING_OK };
	OK(t.f->C_Initialize(&args));
	assert_int_equal(
	    t.f->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_int_equal(t.f->C_Finalize(&args), CKR_ARGUMENTS_BAD);
	OK(t.f->C_Finalize(NULL));
	OK(t.f->C_Initialize(NULL));
}

/* After the version there is nothing but pointers to functions. */
static void
no_function_is_missing(void **state)
{
	static const size_t counts[] = { 92, 68 };
	struct wd_ck_interface list[2];
	unsigned long n = 2;
	__typeof__(&C_GetInterfaceList) get;
	void *lib = dlopen(module, RTLD_NOW);

	(void)state;
	*(void **)&get = dlsym(lib, "C_GetInterfaceList");
	OK(get(list, &n));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		void *const *f = list[i].functions;

		assert_string_equal(list[i].name, "PKCS 11");
		for (size_t j = 1; j <= counts[i]; j++)
			assert_non_null(f[j]);
	}
	n = 1;
	assert_int_equal(get(list, &n), CKR_BUFFER_TOO_SMALL);
	(void)dlclose(lib);
}

static void
interfaces_are_chosen_by_name_version_and_flags(void **state)
{
	unsigned char name[] = "PKCS 11";
	unsigned char other[] = "Vendor";
	struct ck_version v2 = { 2, 40 };
	struct ck_version v9 = { 9, 0 };
	struct wd_ck_interface *i = NULL;
	__typeof__(&C_GetInterface) get;
	void *lib = dlopen(module, RTLD_NOW);

	(void)state;
	*(void **)&get = dlsym(lib, "C_GetInterface");
	OK(get(name, &v2, &i, WD_CKF_INTERFACE_FORK_SAFE));
	assert_int_equal(((struct ck_version *)i->functions)->major, 2);
	OK(get(name, NULL, &i, 0));
	assert_int_equal(((struct ck_version *)i->functions)->major, 3);
	assert_int_equal(get(other, NULL, &i, 0), CKR_ARGUMENTS_BAD);
	assert_int_equal(get(name, &v9, &i, 0), CKR_ARGUMENTS_BAD);
	assert_int_equal(get(name, NULL, &i, 2), CKR_ARGUMENTS_BAD);
	assert_int_equal(get(name, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
	(void)dlclose(lib);
}

static void
there_is_one_slot_with_the_token(void **state)
{
	ck_slot_id_t slots[4];
	unsigned long n = 4;
	struct ck_slot_info slot;
	struct ck_token_info token;

	(void)state;
	OK(t.f->C_GetSlotList(1, slots, &n));
	assert_int_equal(n, 1);
	assert_int_equal(slots[0], 1);
	n = 0;
	assert_int_equal(
	    t.f->C_GetSlotList(0, slots, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 1);
	OK(t.f->C_GetSlotInfo(1, &slot));
	assert_int_equal(slot.flags, CKF_TOKEN_PRESENT);
	OK(t.f->C_GetTokenInfo(1, &token));
	assert_memory_equal(
	    token.label, "test                            ", 32);
	assert_memory_equal(token.serial_number, "0123456789abcdef", 16);
	assert_int_equal(token.flags & CKF_LOGIN_REQUIRED, 0);
	assert_int_equal(token.flags & CKF_WRITE_PROTECTED, 0);
	assert_int_equal(t.f->C_GetTokenInfo(2, &token), CKR_SLOT_ID_INVALID);
	assert_int_equal(t.f->C_GetTokenInfo(1, NULL), CKR_ARGUMENTS_BAD);
}

static void
every_listed_mechanism_has_info(void **state)
{
	ck_mechanism_type_t types[32];
	unsigned long n = 0;

	(void)state;
	OK(t.f->C_GetMechanismList(1, NULL, &n));
	assert_int_equal(n, 16);
	n = 3;
	assert_int_equal(
	    t.f->C_GetMechanismList(1, types, &n), CKR_BUFFER_TOO_SMALL);
	n = 32;
	OK(t.f->C_GetMechanismList(1, types, &n));
	for (unsigned long i = 0; i < n; i++) {
		struct ck_mechanism_info info;

		OK(t.f->C_GetMechanismInfo(1, types[i], &info));
		assert_true((info.flags & (CKF_SIGN | CKF_DIGEST)) != 0);
	}
	assert_int_equal(t.f->C_GetMechanismInfo(
			     1, CKM_AES_GCM, &(struct ck_mechanism_info){ 0 }),
	    CKR_MECHANISM_INVALID);
}

static void
sessions_open_close_and_say_their_state(void **state)
{
	struct ck_session_info info;
	ck_session_handle_t s = t_session();
	ck_session_handle_t rw;

	(void)state;
	assert_int_equal(t.f->C_OpenSession(1, 0, NULL, NULL, &rw),
	    CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	assert_int_equal(
	    t.f->C_OpenSession(7, CKF_SERIAL_SESSION, NULL, NULL, &rw),
	    CKR_SLOT_ID_INVALID);
	OK(t.f->C_OpenSession(
	    1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw));
	OK(t.f->C_GetSessionInfo(s, &info));
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
	OK(t.f->C_GetSessionInfo(rw, &info));
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	OK(t.f->C_CloseSession(s));
	assert_int_equal(
	    t.f->C_GetSessionInfo(s, &info), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(t.f->C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	OK(t.f->C_CloseAllSessions(1));
	assert_int_equal(t.f->C_CloseSession(rw), CKR_SESSION_HANDLE_INVALID);
}

static void
a_thousand_sessions_fit_and_a_cap_holds(void **state)
{
	ck_session_handle_t s = 0;
	ck_rv_t rv = CKR_OK;
	size_t n = 0;

	(void)state;
	while (rv == CKR_OK && n < 10000) {
		rv = t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s);
		n += rv == CKR_OK;
	}
	assert_int_equal(rv, CKR_SESSION_COUNT);
	assert_true(n >= 1024);
	OK(t.f->C_CloseAllSessions(1));
}

static void
any_pin_logs_in_once(void **state)
{
	unsigned char pin[] = "1234";
	struct ck_session_info info;
	ck_session_handle_t s = t_session();

	(void)state;
	OK(t.f->C_Login(s, CKU_USER, pin, 4));
	assert_int_equal(
	    t.f->C_Login(s, CKU_USER, pin, 4), CKR_USER_ALREADY_LOGGED_IN);
	OK(t.f->C_GetSessionInfo(s, &info));
	assert_int_equal(info.state, CKS_RO_USER_FUNCTIONS);
	OK(t.f->C_Logout(s));
	assert_int_equal(t.f->C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(t.f->C_Login(s, CKU_SO, pin, 4), CKR_PIN_LOCKED);
	assert_int_equal(t.f->C_Login(s, 9, pin, 4), CKR_USER_TYPE_INVALID);
	assert_int_equal(t.f->C_Login(s, CKU_CONTEXT_SPECIFIC, pin, 4),
	    CKR_OPERATION_NOT_INITIALIZED);
	OK(t.f->C_CloseSession(s));
}

static void
objects_are_found_by_what_they_are(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t o[32];
	unsigned long n = 0;
	struct ck_attribute id = { CKA_ID, t.rsa.record.id.s, WD_ID_LEN };

	(void)state;
	OK(t.f->C_FindObjectsInit(s, NULL, 0));
	assert_int_equal(
	    t.f->C_FindObjectsInit(s, NULL, 0), CKR_OPERATION_ACTIVE);
	OK(t.f->C_FindObjects(s, o, 4, &n));
	assert_int_equal(n, 4);
	OK(t.f->C_FindObjects(s, o, 32, &n));
	assert_int_equal(n, 5);
	OK(t.f->C_FindObjects(s, o, 32, &n));
	assert_int_equal(n, 0);
	OK(t.f->C_FindObjectsFinal(s));
	assert_int_equal(
	    t.f->C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(
	    t.f->C_FindObjects(s, o, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
	OK(t.f->C_FindObjectsInit(s, &id, 1));
	OK(t.f->C_FindObjects(s, o, 32, &n));
	assert_int_equal(n, 3);
	OK(t.f->C_FindObjectsFinal(s));
	assert_int_equal(t_find(s, CKO_PRIVATE_KEY, "nobody"), 0);
	assert_int_equal(t.f->C_FindObjectsInit(s, NULL, 1), CKR_ARGUMENTS_BAD);
	OK(t.f->C_CloseSession(s));
}

static unsigned long
count_matches(ck_session_handle_t s, struct ck_attribute *templ, size_t n)
{
	ck_object_handle_t o[32];
	unsigned long found = 0;

	OK(t.f->C_FindObjectsInit(s, templ, n));
	OK(t.f->C_FindObjects(s, o, 32, &found));
	OK(t.f->C_FindObjectsFinal(s));
	return found;
}

static void
edwards_keys_are_found_by_those_who_know_them(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_class_t class = CKO_PRIVATE_KEY;
	ck_key_type_t type = CKK_EC_EDWARDS;
	unsigned char token = 1;
	struct ck_attribute templ[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
	};

	(void)state;
	assert_int_equal(count_matches(s, templ, 2), 2);
	assert_int_equal(count_matches(s, templ, 3), 1);
	assert_int_equal(count_matches(s, NULL, 0), 9);
	class = CKO_CERTIFICATE;
	assert_int_equal(count_matches(s, templ, 2), 3);
	OK(t.f->C_CloseSession(s));
}

static void
attributes_follow_the_five_cases(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "rsa");
	unsigned char modulus[256], small[8];
	struct ck_attribute templ[] = {
		{ CKA_MODULUS, NULL, 0 },
		{ CKA_MODULUS, modulus, sizeof(modulus) },
		{ CKA_MODULUS, small, sizeof(small) },
		{ CKA_PRIVATE_EXPONENT, modulus, sizeof(modulus) },
		{ CKA_EC_POINT, modulus, sizeof(modulus) },
	};

	(void)state;
	assert_true(key != 0);
	(void)t.f->C_GetAttributeValue(s, key, templ, WD_N(templ));
	assert_int_equal(templ[0].value_len, 256);
	assert_int_equal(templ[1].value_len, 256);
	for (size_t i = 2; i < WD_N(templ); i++)
		assert_int_equal(
		    templ[i].value_len, CK_UNAVAILABLE_INFORMATION);
	templ[2].value_len = sizeof(small);
	assert_int_equal(t.f->C_GetAttributeValue(s, key, &templ[2], 1),
	    CKR_BUFFER_TOO_SMALL);
	assert_int_equal(t.f->C_GetAttributeValue(s, key, &templ[3], 1),
	    CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(t.f->C_GetAttributeValue(s, key, &templ[4], 1),
	    CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(t.f->C_GetAttributeValue(s, 12345, templ, 1),
	    CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(
	    t.f->C_GetAttributeValue(s, key, NULL, 1), CKR_ARGUMENTS_BAD);
	OK(t.f->C_CloseSession(s));
}

static void
nothing_secret_is_found_by_its_value(void **state)
{
	ck_session_handle_t s = t_session();
	unsigned char guess[1] = { 0 };
	struct ck_attribute templ = { CKA_PRIVATE_EXPONENT, guess, 0 };
	ck_object_handle_t o;
	unsigned long n = 9;

	(void)state;
	OK(t.f->C_FindObjectsInit(s, &templ, 1));
	OK(t.f->C_FindObjects(s, &o, 1, &n));
	assert_int_equal(n, 0);
	OK(t.f->C_CloseSession(s));
}

static void
what_is_there_cannot_be_changed(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");
	ck_object_handle_t o;
	struct ck_mechanism m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };

	(void)state;
	assert_int_equal(t.f->C_DestroyObject(s, key), CKR_ACTION_PROHIBITED);
	assert_int_equal(
	    t.f->C_DestroyObject(s, 12345), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(
	    t.f->C_CopyObject(s, key, NULL, 0, &o), CKR_ACTION_PROHIBITED);
	assert_int_equal(
	    t.f->C_SetAttributeValue(s, key, NULL, 0), CKR_ACTION_PROHIBITED);
	assert_int_equal(
	    t.f->C_CreateObject(s, NULL, 0, &o), CKR_TOKEN_WRITE_PROTECTED);
	assert_int_equal(
	    t.f->C_SetPIN(s, NULL, 0, NULL, 0), CKR_TOKEN_WRITE_PROTECTED);
	assert_int_equal(
	    t.f->C_InitToken(1, NULL, 0, NULL), CKR_TOKEN_WRITE_PROTECTED);
	assert_int_equal(
	    t.f->C_GenerateKeyPair(s, &m, NULL, 0, NULL, 0, &o, &o),
	    CKR_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(
	    t.f->C_DecryptInit(s, &m, key), CKR_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(
	    t.f->C_DecryptInit(12345, &m, key), CKR_SESSION_HANDLE_INVALID);
	OK(t.f->C_CloseSession(s));
}

static void
asking_for_the_length_keeps_the_signature(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");
	struct ck_mechanism m = { CKM_ECDSA_SHA256, NULL, 0 };
	unsigned char data[] = "data";
	unsigned char sig[WD_SIG_MAX];
	unsigned long len = 0;

	(void)state;
	OK(t.f->C_SignInit(s, &m, key));
	OK(t.f->C_Sign(s, data, 4, NULL, &len));
	assert_int_equal(len, 64);
	len = 63;
	assert_int_equal(
	    t.f->C_Sign(s, data, 4, sig, &len), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(len, 64);
	OK(t.f->C_Sign(s, data, 4, sig, &len));
	t_ok(wd_sig_verify(
	    t.p256.key, WD_SIG_ES256, WD_SPAN_LIT("data"), wd_span(sig, len)));
	assert_int_equal(
	    t.f->C_Sign(s, data, 4, sig, &len), CKR_OPERATION_NOT_INITIALIZED);
	OK(t.f->C_CloseSession(s));
}

static void
data_in_parts_signs_as_the_whole(void **state)
{
	static const struct {
		ck_mechanism_type_t type;
		const char *label;
		struct t_release *key;
		enum wd_sig_alg alg;
	} cases[] = {
		{ CKM_ECDSA_SHA256, "p256", &t.p256, WD_SIG_ES256 },
		{ CKM_SHA512_RSA_PKCS, "rsa", &t.rsa, WD_SIG_RS512 },
		{ CKM_EDDSA, "ed", &t.ed, WD_SIG_EDDSA },
	};
	ck_session_handle_t s = t_session();
	unsigned char data[100] = { 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < WD_N(cases); i++) {
		struct ck_mechanism m = { cases[i].type, NULL, 0 };
		unsigned char sig[WD_SIG_MAX];
		unsigned long len = sizeof(sig);

		OK(t.f->C_SignInit(
		    s, &m, t_find(s, CKO_PRIVATE_KEY, cases[i].label)));
		OK(t.f->C_SignUpdate(s, data, 70));
		assert_int_equal(
		    t.f->C_Sign(s, data, 1, sig, &len), CKR_OPERATION_ACTIVE);
		OK(t.f->C_SignUpdate(s, data + 70, 30));
		OK(t.f->C_SignFinal(s, sig, &len));
		t_ok(wd_sig_verify(cases[i].key->key, cases[i].alg,
		    WD_SPAN(data), wd_span(sig, len)));
	}
	OK(t.f->C_CloseSession(s));
}

static void
wrong_keys_mechanisms_and_parameters_are_told_apart(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t ec = t_find(s, CKO_PRIVATE_KEY, "p256");
	ck_object_handle_t rsa = t_find(s, CKO_PRIVATE_KEY, "rsa");
	struct ck_mechanism m = { CKM_ECDSA, NULL, 0 };
	struct ck_rsa_pkcs_pss_params pss = { CKM_SHA256, CKG_MGF1_SHA256, 33 };

	(void)state;
	assert_int_equal(t.f->C_SignInit(s, NULL, ec), CKR_ARGUMENTS_BAD);
	assert_int_equal(t.f->C_SignInit(s, &m, 12345), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(
	    t.f->C_SignInit(s, &m, t_find(s, CKO_PUBLIC_KEY, "p256")),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(
	    t.f->C_SignInit(s, &m, t_find(s, CKO_CERTIFICATE, "p256")),
	    CKR_KEY_HANDLE_INVALID);
	assert_int_equal(
	    t.f->C_SignInit(s, &m, rsa), CKR_KEY_TYPE_INCONSISTENT);
	m.mechanism = CKM_SHA256;
	assert_int_equal(t.f->C_SignInit(s, &m, ec), CKR_MECHANISM_INVALID);
	m = (struct ck_mechanism){ CKM_RSA_PKCS_PSS, &pss, sizeof(pss) };
	assert_int_equal(
	    t.f->C_SignInit(s, &m, rsa), CKR_MECHANISM_PARAM_INVALID);
	pss.s_len = 32;
	m.parameter_len--;
	assert_int_equal(
	    t.f->C_SignInit(s, &m, rsa), CKR_MECHANISM_PARAM_INVALID);
	m = (struct ck_mechanism){ CKM_SHA384_RSA_PKCS_PSS, &pss, sizeof(pss) };
	assert_int_equal(
	    t.f->C_SignInit(s, &m, rsa), CKR_MECHANISM_PARAM_INVALID);
	m = (struct ck_mechanism){ CKM_ECDSA, &pss, sizeof(pss) };
	assert_int_equal(
	    t.f->C_SignInit(s, &m, ec), CKR_MECHANISM_PARAM_INVALID);
	OK(t.f->C_CloseSession(s));
}

static void
lengths_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		ck_mechanism_type_t type;
		const char *label;
		unsigned long len;
	} cases[] = {
		{ CKM_RSA_PKCS, "rsa", 0 },
		{ CKM_RSA_PKCS, "rsa", 246 },
		{ CKM_ECDSA, "p256", 0 },
		{ CKM_ECDSA, "p256", 65 },
	};
	ck_session_handle_t s = t_session();
	unsigned char data[300] = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(cases); i++) {
		struct ck_mechanism m = { cases[i].type, NULL, 0 };
		unsigned char sig[WD_SIG_MAX];
		unsigned long len = sizeof(sig);

		OK(t.f->C_SignInit(
		    s, &m, t_find(s, CKO_PRIVATE_KEY, cases[i].label)));
		assert_int_equal(t.f->C_Sign(s, data, cases[i].len, sig, &len),
		    CKR_DATA_LEN_RANGE);
	}
	OK(t.f->C_CloseSession(s));
}

static void
an_operation_is_active_until_it_ends_or_is_cancelled(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");
	struct ck_mechanism m = { CKM_ECDSA_SHA256, NULL, 0 };
	struct ck_mechanism d = { CKM_SHA256, NULL, 0 };
	unsigned long len = 64;
	unsigned char out[64];

	(void)state;
	OK(t.f->C_SignInit(s, &m, key));
	OK(t.f->C_DigestInit(s, &d));
	assert_int_equal(t.f->C_SignInit(s, &m, key), CKR_OPERATION_ACTIVE);
	assert_int_equal(t.f->C_DigestInit(s, &d), CKR_OPERATION_ACTIVE);
	OK(t.f->C_SignInit(s, NULL, 0));
	OK(t.f->C_DigestInit(s, NULL));
	assert_int_equal(
	    t.f->C_SignFinal(s, out, &len), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(
	    t.f->C_DigestFinal(s, out, &len), CKR_OPERATION_NOT_INITIALIZED);
	OK(t.f->C_CloseSession(s));
}

static void
digests_are_made_here(void **state)
{
	ck_session_handle_t s = t_session();
	struct ck_mechanism m = { CKM_SHA384, NULL, 0 };
	unsigned char data[] = "data";
	unsigned char out[64];
	uint8_t expected[WD_HASH_MAX];
	unsigned long len = 10;

	(void)state;
	t_ok(wd_hash(WD_SHA384, WD_SPAN_LIT("data"), expected));
	OK(t.f->C_DigestInit(s, &m));
	assert_int_equal(
	    t.f->C_Digest(s, data, 4, out, &len), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(len, 48);
	OK(t.f->C_Digest(s, data, 4, out, &len));
	assert_memory_equal(out, expected, 48);
	OK(t.f->C_DigestInit(s, &m));
	OK(t.f->C_DigestUpdate(s, data, 1));
	OK(t.f->C_DigestUpdate(s, data + 1, 3));
	OK(t.f->C_DigestFinal(s, out, &len));
	assert_memory_equal(out, expected, 48);
	m.mechanism = CKM_ECDSA;
	assert_int_equal(t.f->C_DigestInit(s, &m), CKR_MECHANISM_INVALID);
	OK(t.f->C_CloseSession(s));
}

static void
random_bytes_come_from_the_kernel(void **state)
{
	ck_session_handle_t s = t_session();
	unsigned char out[1000] = { 0 };

	(void)state;
	OK(t.f->C_GenerateRandom(s, out, sizeof(out)));
	assert_false(wd_span_is_zero(wd_span(out + 900, 100)));
	assert_int_equal(
	    t.f->C_SeedRandom(s, out, 8), CKR_RANDOM_SEED_NOT_SUPPORTED);
	OK(t.f->C_CloseSession(s));
}

/* Programs that close all descriptors they do not know must not make the
 * module write into what they opened next. */
static void
a_descriptor_taken_away_is_noticed(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");
	int pair[2];
	uint8_t byte;

	(void)state;
	OK(t_sign_p256(s, key, WD_SPAN_LIT("x")));
	for (int fd = 3; fd < 64; fd++)
		(void)close(fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	for (int fd = pair[1] + 1; fd < 64; fd++)
		(void)dup2(pair[1], fd);
	OK(t_sign_p256(s, key, WD_SPAN_LIT("y")));
	assert_int_equal(recv(pair[0], &byte, 1, MSG_DONTWAIT), -1);
	for (int fd = 3; fd < 64; fd++)
		(void)close(fd);
	OK(t_sign_p256(s, key, WD_SPAN_LIT("z")));
	OK(t.f->C_CloseSession(s));
}

static void
handles_stay_when_the_holder_starts_again(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");
	int64_t begin;

	(void)state;
	OK(t_sign_p256(s, key, WD_SPAN_LIT("x")));
	t_holder_kill();
	begin = wd_time_mono_ms();
	assert_int_equal(
	    t_sign_p256(s, key, WD_SPAN_LIT("x")), CKR_DEVICE_ERROR);
	assert_true(wd_time_mono_ms() - begin < 5000);
	assert_int_equal(t_find(s, CKO_PRIVATE_KEY, "p256"), key);
	t_holder_start();
	OK(t_sign_p256(s, key, WD_SPAN_LIT("x")));
	assert_int_equal(t_find(s, CKO_PRIVATE_KEY, "p256"), key);
	OK(t.f->C_CloseSession(s));
}

static void
a_silent_holder_is_not_waited_for_long(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");
	int64_t begin = wd_time_mono_ms();

	(void)state;
	assert_int_equal(kill(t.holder, SIGSTOP), 0);
	assert_int_equal(
	    t_sign_p256(s, key, WD_SPAN_LIT("x")), CKR_DEVICE_ERROR);
	assert_int_equal(
	    t_sign_p256(s, key, WD_SPAN_LIT("x")), CKR_DEVICE_ERROR);
	assert_true(wd_time_mono_ms() - begin < 6000);
	assert_int_equal(kill(t.holder, SIGCONT), 0);
	OK(t_sign_p256(s, key, WD_SPAN_LIT("x")));
	OK(t.f->C_CloseSession(s));
}

/* ---- signatures that are made elsewhere: the first takes too long, all others
 * longer than one is waited for in haste */

enum { LONG_MS = 500, TOO_LONG_MS = 3000 };

static struct {
	struct t_release release;
	struct wd_bytes *spki;
	uint64_t ticket; /* 0: none */
	int64_t due;
	uint8_t digest[32];
	unsigned n;
} away;

static enum wd_holder_status
away_ask(void *ctx, uint64_t ticket, const struct wd_holder_sign *ask)
{
	(void)ctx;
	away.ticket = ticket;
	away.due = wd_time_mono_ms() + (away.n++ == 0 ? TOO_LONG_MS : LONG_MS);
	if (ask->data.len != sizeof(away.digest))
		return WD_HOLDER_DATA_LENGTH;
	wd_copy(away.digest, ask->data);
	return WD_HOLDER_OK;
}

static void
away_gone(void *ctx, uint64_t ticket)
{
	(void)ctx;
	if (away.ticket == ticket)
		away.ticket = 0;
}

static void
away_answer(struct wd_serve *serve)
{
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;

	if (away.ticket == 0 || wd_time_mono_ms() < away.due)
		return;
	if (wd_sign_digest(away.release.key, WD_SIG_ES256, WD_SPAN(away.digest),
		sig, &len) != 0)
		_exit(1);
	wd_serve_finish(serve, away.ticket, WD_HOLDER_OK, wd_span(sig, len));
	away.ticket = 0;
}

static void
away_loop(void)
{
	struct wd_serve_options options = { .label = "test",
		.serial = "0123456789abcdef",
		.away = away_ask,
		.gone = away_gone };
	struct wd_serve *serve = NULL;
	struct wd_diag d = { 0 };
	int fd = -1;

	if (wd_serve_listen(t.path, &fd, &d) != 0 ||
	    wd_serve_new(t.hold, fd, &options, &serve, &d) != 0)
		_exit(1);
	while (wd_serve_wait(serve, NULL, 0, 10, &d) == 0)
		away_answer(serve);
	_exit(1);
}

static void
away_start(void)
{
	struct wd_diag d = { 0 };

	t_release_make(&away.release, WD_PKEY_P256);
	t_release_public(&away.release, &away.spki);
	away.release.rights.use[0].id = getuid();
	away.release.record.label = WD_SPAN_LIT("away");
	t_ok(wd_hold_put(t.hold, &away.release.record, &d));
	t.loop = away_loop;
	t_holder_kill();
	t_holder_start();
}

static void
away_end(void)
{
	t.loop = NULL;
	t_holder_kill();
	t_holder_start();
	t_release_done(&away.release);
	wd_bytes_freep(&away.spki);
}

static ck_rv_t
away_sign(ck_session_handle_t s, ck_object_handle_t key)
{
	return t_sign(s, key, CKM_ECDSA_SHA256, &away.release, WD_SIG_ES256,
	    WD_SPAN_LIT("x"));
}

static void
haste_after_a_slow_answer_ends_by_itself(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key;
	ck_rv_t rv = CKR_DEVICE_ERROR;
	int64_t end;

	(void)state;
	away_start();
	key = t_find(s, CKO_PRIVATE_KEY, "away");
	assert_int_equal(away_sign(s, key), CKR_DEVICE_ERROR);
	end = wd_time_mono_ms() + 8000;
	while (rv == CKR_DEVICE_ERROR && wd_time_mono_ms() < end)
		rv = away_sign(s, key);
	assert_int_equal(rv, CKR_OK);
	assert_int_equal(away_sign(s, key), CKR_OK);
	away_end();
	OK(t.f->C_CloseSession(s));
}

static void
after_the_end_it_can_start_again(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");

	(void)state;
	OK(t.f->C_Finalize(NULL));
	assert_int_equal(t.f->C_CloseSession(s), CKR_CRYPTOKI_NOT_INITIALIZED);
	OK(t.f->C_Initialize(NULL));
	assert_int_equal(t.f->C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	s = t_session();
	assert_int_equal(t_find(s, CKO_PRIVATE_KEY, "p256"), key);
	OK(t_sign_p256(s, key, WD_SPAN_LIT("x")));
}

static int
setup_all(void **state)
{
	(void)state;
	return t_token_setup(module);
}

static int
teardown_all(void **state)
{
	(void)state;
	return t_token_teardown();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_the_start_nothing_works),
		cmocka_unit_test(start_takes_all_mutex_functions_or_none),
		cmocka_unit_test(no_function_is_missing),
		cmocka_unit_test(
		    interfaces_are_chosen_by_name_version_and_flags),
		cmocka_unit_test(there_is_one_slot_with_the_token),
		cmocka_unit_test(every_listed_mechanism_has_info),
		cmocka_unit_test(sessions_open_close_and_say_their_state),
		cmocka_unit_test(a_thousand_sessions_fit_and_a_cap_holds),
		cmocka_unit_test(any_pin_logs_in_once),
		cmocka_unit_test(objects_are_found_by_what_they_are),
		cmocka_unit_test(edwards_keys_are_found_by_those_who_know_them),
		cmocka_unit_test(attributes_follow_the_five_cases),
		cmocka_unit_test(nothing_secret_is_found_by_its_value),
		cmocka_unit_test(what_is_there_cannot_be_changed),
		cmocka_unit_test(asking_for_the_length_keeps_the_signature),
		cmocka_unit_test(data_in_parts_signs_as_the_whole),
		cmocka_unit_test(
		    wrong_keys_mechanisms_and_parameters_are_told_apart),
		cmocka_unit_test(lengths_that_do_not_fit_are_refused),
		cmocka_unit_test(
		    an_operation_is_active_until_it_ends_or_is_cancelled),
		cmocka_unit_test(digests_are_made_here),
		cmocka_unit_test(random_bytes_come_from_the_kernel),
		cmocka_unit_test(a_descriptor_taken_away_is_noticed),
		cmocka_unit_test(handles_stay_when_the_holder_starts_again),
		cmocka_unit_test(a_silent_holder_is_not_waited_for_long),
		cmocka_unit_test(haste_after_a_slow_answer_ends_by_itself),
		cmocka_unit_test(after_the_end_it_can_start_again),
	};

	assert_int_equal(argc, 2);
	module = argv[1];
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
