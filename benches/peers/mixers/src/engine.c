/* miniaudio's engine without a device: what main.rs calls. */
#define MA_NO_DEVICE_IO
#define MA_NO_DECODING
#define MA_NO_ENCODING
#define MINIAUDIO_IMPLEMENTATION
#include "miniaudio.h"

typedef struct {
    ma_engine engine;
    ma_audio_buffer_ref sources[256];
    ma_sound sounds[256];
} mixer;

mixer *mixer_new(unsigned rate, unsigned block) {
    mixer *it = calloc(1, sizeof *it);
    ma_engine_config config = ma_engine_config_init();
    config.noDevice = MA_TRUE;
    config.channels = 2;
    config.sampleRate = rate;
    config.periodSizeInFrames = block;
    return ma_engine_init(&config, &it->engine) == MA_SUCCESS ? it : NULL;
}

/* Loops interleaved frames of the caller's; 0 on success. */
int mixer_play(mixer *it, unsigned voice, const float *frames, ma_uint64 count, unsigned channels,
               float speed, float pan) {
    ma_audio_buffer_ref *source = &it->sources[voice];
    ma_sound *sound = &it->sounds[voice];
    if (ma_audio_buffer_ref_init(ma_format_f32, channels, frames, count, source) != MA_SUCCESS) {
        return 1;
    }
    source->sampleRate = ma_engine_get_sample_rate(&it->engine);
    if (ma_sound_init_from_data_source(&it->engine, source, MA_SOUND_FLAG_NO_SPATIALIZATION, NULL,
                                       sound) != MA_SUCCESS) {
        return 2;
    }
    ma_sound_set_looping(sound, MA_TRUE);
    ma_sound_set_pitch(sound, speed);
    ma_sound_set_pan(sound, pan);
    return ma_sound_start(sound) != MA_SUCCESS;
}

int mixer_render(mixer *it, float *out, unsigned frames) {
    ma_uint64 read = 0;
    return ma_engine_read_pcm_frames(&it->engine, out, frames, &read) != MA_SUCCESS || read != frames;
}
