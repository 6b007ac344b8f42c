/*
 * Words of warderd and of warder-agent.
 */
#include "bin/common/words.h"

#include <string.h>

enum { MANUAL_MAX = 1 << 20 };

static bool
take_word(struct wd_words *w, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--check", &w->check },
		{ "--help", &w->help },
		{ "--version", &w->version },
		{ "--print-config-manual", &w->manual },
	};

	for (size_t i = 0; i < WD_N(flags); i++)
		if (strcmp(word, flags[i].name) == 0) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

bool
wd_words_read(int argc, char **argv, const char *config, struct wd_words *ret)
{
	*ret = (struct wd_words){ .config = config };
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0) {
			ret->config = argv[i] + 9;
		} else if (strcmp(argv[i], "--config") == 0) {
			if (++i == argc)
				return false;
			ret->config = argv[i];
		} else if (!take_word(ret, argv[i])) {
			return false;
		}
	}
	return true;
}

static bool
print(struct wd_span text)
{
	return fwrite(text.p, 1, text.len, stdout) == text.len &&
	    fflush(stdout) == 0;
}

static bool
print_version(const char *program)
{
	return printf("%s %s\n", program, WARDER_VERSION) > 0 &&
	    fflush(stdout) == 0;
}

static bool
print_manual(void (*manual)(struct wd_wr *wr))
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(MANUAL_MAX);

	manual(&wr);
	return wd_wr_end(&wr) == 0 && print(wd_wr_span(&wr));
}

bool
wd_words_print(
    const struct wd_words *w, const struct wd_words_texts *texts, int *ret)
{
	bool fine;

	if (w->help)
		fine = print(wd_span_text(texts->usage));
	else if (w->version)
		fine = print_version(texts->program);
	else if (w->manual)
		fine = print_manual(texts->manual);
	else
		return false;
	*ret = fine ? 0 : texts->fault;
	return true;
}
